package customers

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"

	"souk/platform/audit"
	"souk/platform/security"
)

// staffName is the name of a new staff account.
const staffName = "Staff"

var staffRoles = []string{RoleCustomer, RoleOwner}

// roleDetail describes the grant of the role in the audit log.
var roleDetail = map[string]string{"role": ownerName}

// EnsureStaff creates a staff account with a password, unless there is a staff account with that e-mail address; it then keeps
// its password. It returns ErrNotStaff if the address belongs to a customer's account. It never promotes that account, because
// anyone may have registered the address.
func (s *Service) EnsureStaff(ctx context.Context, address string, password Secret) error {
	existing, err := s.named(ctx, address)
	if errors.Is(err, ErrNotFound) {
		_, err = s.open(ctx, address, password, staffName, staffRoles)
		if !errors.Is(err, ErrEmailTaken) {
			return err
		}
		existing, err = s.named(ctx, address) // another replica or a customer was faster
	}
	if err != nil {
		return err
	}
	if !existing.staff() {
		return ErrNotStaff
	}
	return nil
}

// AddStaff creates a staff account and returns its generated password. It returns ErrEmailTaken if there is an account with
// that e-mail address, and *field.Error for an invalid address.
func (s *Service) AddStaff(ctx context.Context, address string) (Secret, error) {
	password := Secret(rand.Text())
	_, err := s.open(ctx, address, password, staffName, staffRoles)
	if err != nil {
		return "", err
	}
	return password, nil
}

// PromoteToStaff makes an account a staff account, ends its sessions and returns a new generated password. The password changes
// because the person who knows the old one may not be the one who should become staff. For a staff account it only generates a
// new password, for example because the old one was lost. It returns ErrNotFound if there is no account with that e-mail
// address.
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
		c.Roles = slices.Clone(staffRoles)
		if err := c.record(ctx, audit.RoleGranted, roleDetail); err != nil {
			return err
		}
		return c.setPassword(ctx, hash, "")
	})
	if err != nil {
		return "", err
	}
	security.Log(ctx, security.RoleGranted, existing.ID, slog.String("role", ownerName))
	security.Log(ctx, security.PasswordChanged, existing.ID)
	return password, nil
}
