package customers

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"

	"souk/platform/audit"
	"souk/platform/security"
)

// SignInProof is what somebody signs in with after a provider told who it is.
type SignInProof struct {
	// Code is the one-time code, and Browser the secret of the browser that started.
	Code, Browser Secret
	// SecondFactor is needed if the account has a second factor.
	SecondFactor string
	UserAgent    string
}

// RedeemSignIn opens a session for the account that an identity is linked to, or a new account for who has none. It returns
// ErrInvalidSignInCode, ErrSecondFactorRequired, ErrInvalidCredentials for a wrong code of the second factor or a disabled account,
// ErrLinkRequired and ErrNoEmail.
func (s *Service) RedeemSignIn(ctx context.Context, given SignInProof) (Tokens, error) {
	signIn, err := s.findSignIn(ctx, given.Code, given.Browser)
	if err != nil {
		return Tokens{}, err
	}
	customer, was, err := s.owner(ctx, signIn.Claims)
	switch {
	case errors.Is(err, ErrNoIdentity):
		customer, err = s.openFor(ctx, signIn, was)
	case err == nil:
		err = s.admit(ctx, customer, signIn, given.SecondFactor)
	}
	if err != nil {
		return Tokens{}, err
	}
	if customer, err = s.takeRoles(ctx, customer, signIn); err != nil {
		return Tokens{}, err
	}
	return s.enter(ctx, customer, given.UserAgent, slog.String("provider", signIn.Provider))
}

// admit uses the code up, for an account that may be signed in to. A wrong code of the second factor uses it up, too, so that each guess costs
// a sign-in at the provider.
func (s *Service) admit(ctx context.Context, customer Customer, signIn SignIn, secondFactor string) error {
	if customer.disabled() {
		security.Log(ctx, security.SignInFailed, customer.ID)
		return errors.Join(ErrInvalidCredentials, s.useSignIn(ctx, signIn))
	}
	if secondFactor == "" {
		err := s.proveSecond(ctx, customer, "")
		if errors.Is(err, ErrSecondFactorRequired) {
			return errors.Join(err, s.prolong(ctx, signIn))
		}
		if err != nil {
			return err
		}
		return s.useSignIn(ctx, signIn)
	}
	if err := s.useSignIn(ctx, signIn); err != nil {
		return err
	}
	return s.proveSecond(ctx, customer, secondFactor)
}

// takeRoles gives an account the roles of staff that the provider tells, if it decides about them, and takes all others. The last owner stays
// one.
func (s *Service) takeRoles(ctx context.Context, customer Customer, signIn SignIn) (Customer, error) {
	if !signIn.Claims.DecidesRoles || slices.Equal(customer.StaffRoles(), signIn.Claims.Roles) {
		return customer, nil
	}
	unlock, err := s.store.LockStaff(ctx)
	if err != nil {
		return Customer{}, err
	}
	defer unlock()
	roles, err := s.allowedRoles(ctx, customer, signIn.Claims.Roles)
	if err != nil {
		return Customer{}, err
	}
	ctx = audit.As(ctx, audit.Actor{Kind: audit.Provider, ID: signIn.Provider, Service: security.ActorOf(ctx).Service})
	mailbox, changed := customer.Mailbox, false
	customer, err = s.change(ctx, customer.ID, func(c *Customer) error {
		was := c.StaffRoles()
		if changed = !slices.Equal(was, roles) && !c.disabled(); !changed {
			return nil
		}
		c.Roles = append([]string{RoleCustomer}, storedRoles(roles)...)
		return c.record(ctx, audit.RolesChanged, map[string]string{"was": strings.Join(was, " "), "role": strings.Join(roles, " ")})
	})
	customer.Mailbox = mailbox
	if err == nil && changed {
		security.Log(ctx, security.RolesChanged, customer.ID, slog.String("role", strings.Join(roles, " ")))
	}
	return customer, err
}

// allowedRoles returns the roles that an account gets of those that a provider tells: the last owner stays one.
func (s *Service) allowedRoles(ctx context.Context, customer Customer, told []string) ([]string, error) {
	if slices.Contains(told, ownerName) {
		return told, nil
	}
	err := s.anotherOwner(ctx, customer.ID)
	if errors.Is(err, ErrLastOwner) {
		s.logger.WarnContext(ctx, "the last owner stays one, although the provider does not say so", slog.String("customer", customer.ID))
		return append([]string{ownerName}, told...), nil
	}
	return told, err
}
