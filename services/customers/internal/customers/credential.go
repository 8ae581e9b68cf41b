package customers

import (
	"context"
	"errors"
	"time"

	"souk/platform/field"
	"souk/platform/security"
)

// ChangePassword gives a customer another password and ends all sessions but the one it is changed from. It returns a *field.Error
// when the current password is another, or the new one is not allowed.
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
			return wrongPassword("current_password") // by now it is another
		}
		c.PasswordHash, c.PasswordVersion, c.KeptSession = hash, c.PasswordVersion+1, sessionID
		return nil
	})
	if err == nil {
		security.Log(ctx, security.PasswordChanged, id)
	}
	return err
}

// confirm returns a *field.Error of the field with that name unless the password in it is the customer's.
func (s *Service) confirm(ctx context.Context, customer Customer, fieldName string, password Secret) error {
	match, _, err := s.hasher.Matches(ctx, password, customer.PasswordHash)
	if err == nil && !match {
		security.Log(ctx, security.PasswordConfirmationFailed, customer.ID)
		return wrongPassword(fieldName)
	}
	return err
}

// wrongPassword is not ErrInvalidCredentials, because the caller has proven who they are by a token, which stays good.
func wrongPassword(fieldName string) error {
	var check field.Checker
	check.Check(false, fieldName, "is not the current password")
	return check.Err()
}

// PrepareDeletion returns the error that DeleteAccount would, and changes nothing.
func (s *Service) PrepareDeletion(ctx context.Context, id string, password Secret) error {
	_, err := s.deletable(ctx, id, password)
	return err
}

// DeleteAccount deletes an account, its addresses and its sessions, and frees its e-mail. It returns a *field.Error
// for a wrong password, and ErrStaffAccount for an account of staff. Deleting one that is gone is no error, so that it can be asked for again when
// the answer was lost.
func (s *Service) DeleteAccount(ctx context.Context, id string, password Secret) error {
	customer, err := s.deletable(ctx, id, password)
	if err != nil {
		return err
	}
	if err := s.store.Delete(ctx, customer); err != nil {
		return err
	}
	if customer.Email != "" { // or it was gone before
		security.Log(ctx, security.AccountDeleted, customer.ID)
	}
	return nil
}

// deletable returns the account to delete, of which there may be nothing left but the id.
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
	// UnreachableEvery is how often SweepUnreachable is to be called.
	UnreachableEvery = time.Hour
	// A registration under way has an account before it has the e-mail, for less than this.
	registrationWithin = time.Hour
)

// SweepUnreachable deletes the accounts that a crash left without an e-mail. Any number of replicas may sweep at once.
func (s *Service) SweepUnreachable(ctx context.Context) error {
	return s.store.DeleteUnreachable(ctx, time.Now().Add(-registrationWithin))
}
