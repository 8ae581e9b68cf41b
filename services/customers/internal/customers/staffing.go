package customers

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"github.com/google/uuid"

	"souk/platform/audit"
	"souk/platform/field"
	"souk/platform/security"
)

var (
	// ErrStaffNotFound is returned for an account that is not one of staff.
	ErrStaffNotFound = errors.New("there is no such account of staff")
	// ErrLastOwner is returned for a change that would leave the shop without an owner.
	ErrLastOwner = errors.New("the shop needs an owner: this is the last one")
)

// StaffAccounts finds accounts of staff.
type StaffAccounts interface {
	// WithRoles returns accounts that have one of the roles and an ID greater than after, in the order of their IDs, at most limit.
	WithRoles(ctx context.Context, roles []string, after string, limit int) ([]Customer, error)
	// LockStaff waits until nobody else changes roles, and returns what ends the lock. It returns ErrContended if that takes too long.
	LockStaff(ctx context.Context) (unlock func(), err error)
}

// ownerName is the name of RoleOwner.
const ownerName = "owner"

// StaffRoles are the names of the roles of staff, the most powerful first.
var StaffRoles = []string{ownerName, RoleManager, RoleFulfilment, RoleSupport, RoleCatalog}

// storedRole returns how a role is called in an account.
func storedRole(name string) string {
	if name == ownerName {
		return RoleOwner
	}
	return name
}

// storedRoles returns how these roles are called in accounts.
func storedRoles(names []string) []string {
	stored := make([]string, len(names))
	for i, name := range names {
		stored[i] = storedRole(name)
	}
	return stored
}

// StaffRoles returns the names of the account's roles of staff.
func (c *Customer) StaffRoles() []string {
	roles := []string{}
	for _, name := range StaffRoles {
		if slices.Contains(c.Roles, storedRole(name)) {
			roles = append(roles, name)
		}
	}
	return roles
}

// RoleNames returns what clients of the REST API tell accounts apart by: whoever has a role of staff, whichever it is, is staff.
func (c *Customer) RoleNames() []string {
	if c.staff() {
		return []string{RoleCustomer, "staff"}
	}
	return []string{RoleCustomer}
}

// Staff returns a page of the accounts of staff, the oldest first, and the cursor of the next page, which is empty on the last one. It
// returns ErrBadCursor for a cursor that is none.
func (s *Service) Staff(ctx context.Context, cursor string, limit int) (page []Customer, next string, err error) {
	limit, err = checkPage(cursor, limit)
	if err != nil {
		return nil, "", err
	}
	found, err := s.store.WithRoles(ctx, storedRoles(StaffRoles), cursor, limit+1)
	if err != nil {
		return nil, "", err
	}
	page, next = pageOf(found, limit, func(c Customer) string { return c.ID })
	return page, next, nil
}

// InviteStaff gives roles to the account of an e-mail address, which it opens if there is none, and has its owner invited by a mail. The
// account gets a password that nobody knows, and its sessions end, because only the token of that mail proves who owns the address. It
// returns ErrEmailTaken if the account is one of staff, and a *field.Error for invalid input.
func (s *Service) InviteStaff(ctx context.Context, address string, roles []string) (Customer, error) {
	var check field.Checker
	canonical := checkEmail(&check, address)
	checkRoles(&check, roles)
	if err := check.Err(); err != nil {
		return Customer{}, err
	}
	hash, err := s.hasher.Hash(ctx, Secret(newSecret()))
	if err != nil {
		return Customer{}, err
	}
	existing, err := s.named(ctx, address)
	if errors.Is(err, ErrNotFound) {
		return s.openForStaff(ctx, canonical, roles, hash)
	}
	if err != nil {
		return Customer{}, err
	}
	invited, err := s.change(ctx, existing.ID, func(c *Customer) error {
		if c.staff() {
			return ErrEmailTaken
		}
		c.PasswordHash, c.PasswordVersion, c.KeptSession = hash, c.PasswordVersion+1, ""
		return c.grant(ctx, roles)
	})
	if err != nil {
		return Customer{}, err
	}
	logGrant(ctx, invited)
	return invited, nil
}

// openForStaff opens an account for somebody who is invited.
func (s *Service) openForStaff(ctx context.Context, address string, roles []string, hash Secret) (Customer, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Customer{}, err
	}
	account := Customer{ID: id.String(), Email: address, Name: staffName, PasswordHash: hash, CreatedAt: now()}
	if err := account.grant(ctx, roles); err != nil {
		return Customer{}, err
	}
	if err := s.store.Insert(ctx, account); err != nil {
		return Customer{}, err
	}
	security.Log(ctx, security.AccountOpened, account.ID)
	logGrant(ctx, account)
	return account, nil
}

// grant gives an account roles of staff, and has its owner invited.
func (c *Customer) grant(ctx context.Context, roles []string) error {
	c.Roles = append([]string{RoleCustomer}, storedRoles(roles)...)
	invitation := newMail(InviteStaff, c.ID)
	invitation.CustomerID, invitation.PasswordVersion = c.ID, c.PasswordVersion
	c.Mails = append(c.Mails, invitation.later())
	return c.record(ctx, audit.RoleGranted, map[string]string{"role": strings.Join(c.StaffRoles(), " ")})
}

func logGrant(ctx context.Context, c Customer) {
	security.Log(ctx, security.RoleGranted, c.ID, slog.String("role", strings.Join(c.StaffRoles(), " ")))
}

// ChangeRoles replaces the roles of an account of staff. It returns ErrStaffNotFound, ErrLastOwner, or a *field.Error for invalid input.
func (s *Service) ChangeRoles(ctx context.Context, id string, roles []string) (Customer, error) {
	var check field.Checker
	checkRoles(&check, roles)
	if err := check.Err(); err != nil {
		return Customer{}, err
	}
	changed, err := s.changeStaff(ctx, id, slices.Contains(roles, ownerName), func(c *Customer) error {
		was := c.StaffRoles()
		c.Roles = append([]string{RoleCustomer}, storedRoles(roles)...)
		if slices.Equal(was, c.StaffRoles()) {
			return nil
		}
		return c.record(ctx, audit.RolesChanged, map[string]string{"was": strings.Join(was, " "), "role": strings.Join(c.StaffRoles(), " ")})
	})
	if err != nil {
		return Customer{}, err
	}
	security.Log(ctx, security.RolesChanged, id, slog.String("role", strings.Join(changed.StaffRoles(), " ")))
	return changed, nil
}

// DisableStaff takes all roles from an account of staff, ends its sessions, and gives it a password that nobody knows. It returns
// ErrStaffNotFound or ErrLastOwner.
func (s *Service) DisableStaff(ctx context.Context, id string) error {
	hash, err := s.hasher.Hash(ctx, Secret(newSecret()))
	if err != nil {
		return err
	}
	was := true
	_, err = s.changeStaff(ctx, id, false, func(c *Customer) error {
		if was = !c.disabled(); !was {
			return nil
		}
		c.Roles = []string{RoleDisabled}
		c.PasswordHash, c.PasswordVersion, c.KeptSession = hash, c.PasswordVersion+1, ""
		return c.record(ctx, audit.StaffDisabled, nil)
	})
	if err == nil && was {
		security.Log(ctx, security.StaffDisabled, id)
	}
	return err
}

// changeStaff changes an account of staff. Unless it stays an owner, there must be another one: so that two owners cannot demote each
// other at the same time, only one such change is made at a time.
func (s *Service) changeStaff(ctx context.Context, id string, owner bool, edit func(*Customer) error) (Customer, error) {
	if uuid.Validate(id) != nil {
		return Customer{}, ErrStaffNotFound
	}
	unlock, err := s.store.LockStaff(ctx)
	if err != nil {
		return Customer{}, err
	}
	defer unlock()
	if !owner {
		if err := s.anotherOwner(ctx, id); err != nil {
			return Customer{}, err
		}
	}
	changed, err := s.change(ctx, id, func(c *Customer) error {
		if !c.staff() && (owner || !c.disabled()) {
			return ErrStaffNotFound
		}
		return edit(c)
	})
	if errors.Is(err, ErrNotFound) {
		err = ErrStaffNotFound
	}
	return changed, err
}

// anotherOwner returns ErrLastOwner if an account is the only owner.
func (s *Service) anotherOwner(ctx context.Context, id string) error {
	owners, err := s.store.WithRoles(ctx, []string{RoleOwner}, "", 2)
	if err == nil && len(owners) == 1 && owners[0].ID == id {
		return ErrLastOwner
	}
	return err
}

// disabled reports whether the account was one of staff that is disabled.
func (c *Customer) disabled() bool { return slices.Contains(c.Roles, RoleDisabled) }

func checkRoles(check *field.Checker, roles []string) {
	check.Check(len(roles) > 0, "roles", "must name a role at least")
	for i, role := range roles {
		check.Check(slices.Contains(StaffRoles, role), "roles", "must be of "+strings.Join(StaffRoles, ", "))
		check.Check(!slices.Contains(roles[:i], role), "roles", "must name each role once")
	}
}
