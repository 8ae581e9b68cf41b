package customers

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"

	"souk/platform/security"
)

// staffName is the name of an account of staff until its owner changes it.
const staffName = "Staff"

var staffRoles = []string{RoleCustomer, RoleStaff}

// EnsureStaff opens a staff account with a password, unless there is one with that e-mail; its password then stays what it is.
// It returns ErrNotStaff when the e-mail belongs to an account that is not staff. It never promotes that account, because anyone
// may have registered the e-mail.
func (s *Service) EnsureStaff(ctx context.Context, address string, password Secret) error {
	existing, err := s.named(ctx, address)
	if errors.Is(err, ErrNotFound) {
		_, err = s.open(ctx, address, password, staffName, staffRoles)
		if !errors.Is(err, ErrEmailTaken) {
			return err
		}
		existing, err = s.named(ctx, address) // another replica, or a customer, came first
	}
	if err != nil {
		return err
	}
	if !existing.staff() {
		return ErrNotStaff
	}
	return nil
}

// AddStaff opens a staff account and returns its password, which it makes up. It returns ErrEmailTaken when there is an account
// with that e-mail, or a *field.Error.
func (s *Service) AddStaff(ctx context.Context, address string) (Secret, error) {
	password := Secret(rand.Text())
	_, err := s.open(ctx, address, password, staffName, staffRoles)
	if err != nil {
		return "", err
	}
	return password, nil
}

// PromoteToStaff makes an account one of staff, ends its sessions and returns its new password, which it makes up: whoever knows
// the old one need not be whom the account is given to. An account of staff gets a new password too, for example when it
// was lost. PromoteToStaff returns ErrNotFound when there is no account with that e-mail.
func (s *Service) PromoteToStaff(ctx context.Context, address string) (Secret, error) {
	existing, err := s.named(ctx, address)
	if err != nil {
		return "", err
	}
	password := Secret(rand.Text())
	hash, err := s.hasher.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	_, err = s.change(ctx, existing.ID, func(c *Customer) error {
		if !c.staff() {
			c.Roles = append(c.Roles, RoleStaff)
		}
		c.PasswordHash, c.PasswordVersion, c.KeptSession = hash, c.PasswordVersion+1, ""
		return nil
	})
	if err != nil {
		return "", err
	}
	security.Log(ctx, security.RoleGranted, existing.ID, slog.String("role", RoleStaff))
	security.Log(ctx, security.PasswordChanged, existing.ID)
	return password, nil
}

func (c *Customer) staff() bool {
	return slices.Contains(c.Roles, RoleStaff)
}
