package customers

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

// RequestPasswordReset has a mail sent to the address with a link for a new password, if there is an account with it. It takes the same
// steps for every address, because nobody may learn from it which addresses have accounts: who has one is only looked up by SendMails. So
// each request has a place of its own in the outbox. It returns a *field.Error for a text that is no address.
func (s *Service) RequestPasswordReset(ctx context.Context, address string) error {
	var check field.Checker
	checkEmail(&check, address)
	if err := check.Err(); err != nil {
		return err
	}
	request := newMail(ResetPassword, uuid.NewString())
	request.Address = address
	return s.store.AddMail(ctx, request)
}

// ResetPassword sets a new password with the token of a mail, which may be an invitation, and ends all sessions. It returns ErrInvalidMailToken if the token cannot be
// used, or if the password was changed since it was sent, and a *field.Error for a password that is not allowed, which leaves the token as
// it is.
func (s *Service) ResetPassword(ctx context.Context, secret, password Secret) error {
	token, customer, err := s.redeem(ctx, secret, ResetPassword, InviteStaff)
	if err == nil && customer.PasswordVersion != token.PasswordVersion {
		err = ErrInvalidMailToken
	}
	if err != nil {
		return refuseToken(ctx, err, token, ResetPassword)
	}
	var check field.Checker
	checkPassword(&check, "password", password, customer.Email, customer.Name)
	if err := check.Err(); err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return err
	}
	// The token proves who it is.
	ctx = audit.As(ctx, audit.Actor{Kind: audit.Customer, ID: customer.ID, Service: security.ActorOf(ctx).Service})
	_, err = s.change(ctx, customer.ID, func(c *Customer) error {
		// The version decides about concurrent uses of the token, and about another change of the password.
		if c.PasswordVersion != token.PasswordVersion {
			return ErrInvalidMailToken
		}
		return c.setPassword(ctx, hash, "")
	})
	if errors.Is(err, ErrNotFound) { // it was deleted meanwhile
		err = ErrInvalidMailToken
	}
	if err != nil {
		return refuseToken(ctx, err, token, ResetPassword)
	}
	security.Log(ctx, security.PasswordChanged, customer.ID)
	return nil
}

// setPassword changes the password, ends all sessions but kept, and has the owner told.
func (c *Customer) setPassword(ctx context.Context, hash Secret, kept string) error {
	c.PasswordHash, c.PasswordVersion, c.KeptSession, c.NoPassword = hash, c.PasswordVersion+1, kept, false
	c.announcePassword()
	return c.record(ctx, audit.PasswordChanged, nil)
}

// RequestEmailVerification has a mail sent with a link that confirms the customer's address. If it is confirmed, no mail is sent.
func (s *Service) RequestEmailVerification(ctx context.Context, id string) error {
	if _, err := s.store.Find(ctx, id); err != nil {
		return err
	}
	return s.store.AddMail(ctx, confirmationFor(id))
}

// VerifyEmail confirms the address of the account that the token of a mail belongs to, or gives the account the address that the token was
// sent to (ChangeEmail). It returns ErrInvalidMailToken if the token cannot be used. A token can be used once.
func (s *Service) VerifyEmail(ctx context.Context, secret Secret) error {
	token, customer, err := s.redeem(ctx, secret, ConfirmEmail, ChangeEmail)
	switch {
	case err != nil:
	case token.Kind == ChangeEmail:
		err = s.changeEmail(ctx, token, customer)
	default:
		err = s.store.ConfirmMailbox(ctx, customer, token.MessageID, time.Now())
	}
	if errors.Is(err, ErrChanged) { // a concurrent request has used the token
		err = ErrInvalidMailToken
	}
	if err != nil {
		return refuseToken(ctx, err, token, ConfirmEmail)
	}
	security.Log(ctx, security.EmailVerified, customer.ID)
	return nil
}

func confirmationFor(id string) Mail {
	waiting := newMail(ConfirmEmail, id)
	waiting.CustomerID = id
	return waiting
}

// announcePassword has the owner told of the change to the current version of the password. Concurrent changes to the same version, of which
// one succeeds, announce the same mail.
func (c *Customer) announcePassword() {
	waiting := newMail(PasswordChanged, fmt.Sprintf("%s %d", c.ID, c.PasswordVersion))
	waiting.CustomerID, waiting.PasswordVersion = c.ID, c.PasswordVersion
	waiting.MessageID = uuid.NewSHA1(uuid.NameSpaceURL, []byte(waiting.ID)).String()
	c.Mails = append(c.Mails, waiting.later())
}
