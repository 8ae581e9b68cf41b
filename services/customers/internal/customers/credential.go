package customers

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

// ChangePassword changes a customer's password and ends all sessions except sessionID, the caller's. It returns a *field.Error
// if the current password is wrong or the new one is not allowed.
func (s *Service) ChangePassword(ctx context.Context, id, sessionID string, current, next Secret) error {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return err
	}
	var check field.Checker
	checkPassword(&check, "new_password", next, customer.Email, customer.Name)
	if err := check.Err(); err != nil {
		return err
	}
	if err := s.confirm(ctx, customer, "current_password", current); err != nil {
		return err
	}
	hash, err := s.hasher.Hash(ctx, next)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, id, func(c *Customer) error {
		if c.PasswordVersion != customer.PasswordVersion {
			return wrongPassword("current_password") // it was changed meanwhile
		}
		return c.setPassword(ctx, hash, sessionID)
	})
	if err != nil {
		return err
	}
	security.Log(ctx, security.PasswordChanged, id)
	// If this fails, the customer has to link the providers anew, and must not be told that the password is still the old one.
	_ = s.store.KeepIdentities(ctx, id, customer.PasswordVersion, customer.PasswordVersion+1)
	return nil
}

// confirm returns a *field.Error for fieldName unless password is the customer's.
func (s *Service) confirm(ctx context.Context, customer Customer, fieldName string, password Secret) error {
	match, _, err := s.hasher.Matches(ctx, password, customer.PasswordHash)
	if err == nil && !match {
		security.Log(ctx, security.PasswordConfirmationFailed, customer.ID)
		return wrongPassword(fieldName)
	}
	return err
}

// wrongPassword does not return ErrInvalidCredentials, because the caller is already signed in, and the token stays valid.
func wrongPassword(fieldName string) error {
	var check field.Checker
	check.Check(false, fieldName, "is not the current password")
	return check.Err()
}

// PrepareDeletion returns the error that DeleteAccount would return, but changes nothing.
func (s *Service) PrepareDeletion(ctx context.Context, id string, password Secret) error {
	_, err := s.deletable(ctx, id, password)
	return err
}

// DeleteAccount deletes an account with its addresses and sessions, and frees its e-mail address. It returns a *field.Error for
// a wrong password, and ErrStaffAccount for a staff account. It returns no error if the account is already deleted, so that a
// client can repeat the request if the answer was lost.
func (s *Service) DeleteAccount(ctx context.Context, id string, password Secret) error {
	customer, err := s.deletable(ctx, id, password)
	if err != nil {
		return err
	}
	deletion, err := deletionOf(ctx, customer.ID)
	if err != nil {
		return err
	}
	if err := s.store.Delete(ctx, customer, deletion); err != nil {
		return err
	}
	if customer.Email != "" { // it is empty if the account was already deleted
		security.Log(ctx, security.AccountDeleted, customer.ID)
	}
	return nil
}

// deletionOf returns the record of a deletion. Its ID is derived from the account's, so that a repeated deletion is recorded once.
func deletionOf(ctx context.Context, accountID string) (audit.Record, error) {
	r, err := audit.NewRecord(ctx, audit.Entry{Action: audit.AccountDeleted, Kind: audit.Account, Subject: accountID})
	r.ID = uuid.NewSHA1(uuid.NameSpaceURL, []byte("account deleted: "+accountID)).String()
	return r, err
}

// deletable returns the account to delete. If the account no longer exists, only its ID is set.
func (s *Service) deletable(ctx context.Context, id string, password Secret) (Customer, error) {
	customer, err := s.store.Find(ctx, id)
	if errors.Is(err, ErrNotFound) {
		return Customer{ID: id}, nil
	}
	if err != nil {
		return Customer{}, err
	}
	if err := s.confirm(ctx, customer, "password", password); err != nil {
		return Customer{}, err
	}
	if customer.staff() {
		return Customer{}, ErrStaffAccount
	}
	return customer, nil
}

const (
	// UnreachableEvery is the interval at which to call SweepUnreachable.
	UnreachableEvery = time.Hour
	// A registration creates the account before it claims the e-mail address. It takes less than this.
	registrationWithin = time.Hour
)

const (
	// LogChangesEvery is the interval at which to call LogChanges.
	LogChangesEvery = 10 * time.Second
	// A change is written within less than this, or fails.
	changeWithin = time.Minute
)

// LogChanges completes the audit log after crashes. Several replicas may do so at once.
func (s *Service) LogChanges(ctx context.Context) error {
	return s.store.LogChanges(ctx, time.Now().Add(-changeWithin))
}

// SweepUnreachable deletes accounts that a crash left without an e-mail address. Several replicas may do so at once.
func (s *Service) SweepUnreachable(ctx context.Context) error {
	return s.store.DeleteUnreachable(ctx, time.Now().Add(-registrationWithin))
}
