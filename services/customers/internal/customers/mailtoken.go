package customers

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"log/slog"
	"slices"
	"time"

	"souk/platform/security"
)

const (
	// resetLife, confirmationLife and invitationLife are how long the tokens of mails can be used after they were sent.
	resetLife        = time.Hour
	confirmationLife = 24 * time.Hour
	invitationLife   = 72 * time.Hour
	// mostToken is the length in bytes of the longest text that is looked up as a token.
	mostToken = 100
)

// MailToken is what is stored of a token that was sent with a mail. Each attempt to send a mail has a token of its own, because it is not
// known which of them arrive, and the outbox must not contain tokens.
type MailToken struct {
	// Hash is the SHA-256 hash of the token, in base64url.
	Hash       string
	Kind       MailKind
	CustomerID string
	// MessageID is the mail. Only the tokens of the newest mail of a kind can be used.
	MessageID string
	// PasswordVersion is that of the account when the token was made.
	PasswordVersion int64
	ExpiresAt       time.Time
}

// MailTokens stores tokens of mails.
type MailTokens interface {
	AddMailToken(ctx context.Context, token MailToken) error
	// FindMailToken returns ErrInvalidMailToken for a missing token.
	FindMailToken(ctx context.Context, hash string) (MailToken, error)
	// DeleteMailTokens deletes the tokens that expired before now.
	DeleteMailTokens(ctx context.Context, now time.Time) error
}

// issue makes a token for a mail and stores its hash. From then on, the tokens of earlier mails of the kind are refused. It returns
// ErrChanged if the address is no longer the customer's.
func (s *Service) issue(ctx context.Context, waiting Mail, customer Customer, life time.Duration) (Secret, error) {
	if waiting.Kind != ChangeEmail { // whose request has stored it, together with the address
		if err := s.store.SetNewestMail(ctx, customer, waiting.Kind, waiting.MessageID); err != nil {
			return "", err
		}
	}
	secret := newSecret()
	err := s.store.AddMailToken(ctx, MailToken{
		Hash: tokenHash(secret), Kind: waiting.Kind, CustomerID: customer.ID, MessageID: waiting.MessageID,
		PasswordVersion: customer.PasswordVersion, ExpiresAt: time.Now().Add(life),
	})
	return Secret(secret), err
}

// redeem returns the token that somebody presents, and its account. It returns ErrInvalidMailToken if the token is unknown, expired, of
// none of the kinds, or not of the newest mail, or if the address is no longer the customer's.
func (s *Service) redeem(ctx context.Context, secret Secret, kinds ...MailKind) (MailToken, Customer, error) {
	if secret == "" || len(secret) > mostToken {
		return MailToken{}, Customer{}, ErrInvalidMailToken
	}
	token, err := s.store.FindMailToken(ctx, tokenHash(string(secret)))
	if err != nil {
		return token, Customer{}, err
	}
	if !slices.Contains(kinds, token.Kind) || !token.ExpiresAt.After(time.Now()) {
		return token, Customer{}, ErrInvalidMailToken
	}
	customer, err := s.receiver(ctx, token.CustomerID)
	if errors.Is(err, ErrNotFound) || err == nil && customer.Mailbox.Newest[token.Kind] != token.MessageID {
		return token, customer, ErrInvalidMailToken
	}
	return token, customer, err
}

// refuseToken logs the use of a token that is not valid. kind is that of the tokens that are used like this one.
func refuseToken(ctx context.Context, err error, token MailToken, kind MailKind) error {
	if errors.Is(err, ErrInvalidMailToken) {
		security.Log(ctx, security.MailTokenRefused, cmp.Or(token.CustomerID, "unknown"), slog.String("mail", string(cmp.Or(token.Kind, kind))))
	}
	return err
}

func tokenHash(secret string) string { return base64.RawURLEncoding.EncodeToString(hashOf(secret)) }
