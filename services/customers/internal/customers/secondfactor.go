package customers

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/pquerna/otp/totp"

	"souk/platform/field"
	"souk/platform/security"
)

// SecondFactor is a secret that the customer's device shares with the shop, to prove by codes that a login is the customer's.
type SecondFactor struct {
	CustomerID string
	// Secret is in base32.
	Secret Secret
	// Confirmed is false until the customer has proven that the device has the secret. Until then no code is asked for.
	Confirmed bool
	// LastStep is the latest time step of which a code was used. A code is refused if it is not of a later one.
	LastStep int64
	// RecoveryHashes are the hashes of the recovery codes that were not used.
	RecoveryHashes []string
	CreatedAt      time.Time
}

// SecondFactors stores the second factors of accounts, one of each. They are in documents of their own, because an instance of an earlier
// version drops the fields that it does not know when it changes an account.
type SecondFactors interface {
	// FindSecondFactor returns ErrNoSecondFactor for an account without one.
	FindSecondFactor(ctx context.Context, customerID string) (SecondFactor, error)
	// StartSecondFactor stores one that is not confirmed in place of another such one. It returns ErrSecondFactorActive if one is confirmed.
	StartSecondFactor(ctx context.Context, factor SecondFactor) error
	// ConfirmSecondFactor stores one that is confirmed, or returns ErrChanged if the one that is not has another secret by now.
	ConfirmSecondFactor(ctx context.Context, factor SecondFactor) error
	// UseStep stores a later LastStep, or returns ErrChanged if the stored one is not earlier.
	UseStep(ctx context.Context, factor SecondFactor, step int64) error
	// UseRecoveryCode removes the hash of a recovery code, or returns ErrChanged if there is none.
	UseRecoveryCode(ctx context.Context, factor SecondFactor, hash string) error
	DeleteSecondFactor(ctx context.Context, customerID string) error
}

// issuer is the name of the shop in the customer's app.
const issuer = "Souk"

// StartSecondFactor makes a secret, and returns it and a URI (otpauth) with which an app reads it. Until a code of it is confirmed, a later
// secret takes its place. It returns ErrSecondFactorActive if the account has a second factor.
func (s *Service) StartSecondFactor(ctx context.Context, id string) (secret, uri Secret, err error) {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return "", "", err
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: issuer, AccountName: customer.Email})
	if err != nil {
		return "", "", err
	}
	factor := SecondFactor{CustomerID: id, Secret: Secret(key.Secret()), CreatedAt: now()}
	if err := s.store.StartSecondFactor(ctx, factor); err != nil {
		return "", "", err
	}
	if _, err := s.store.Find(ctx, id); err != nil { // a deletion of the account meanwhile did not see it
		return "", "", errors.Join(err, s.store.DeleteSecondFactor(ctx, id))
	}
	return factor.Secret, Secret(key.URL()), nil
}

// ConfirmSecondFactor makes logins ask for a code, and returns recovery codes. It returns a *field.Error for a wrong code.
func (s *Service) ConfirmSecondFactor(ctx context.Context, id, code string) ([]Secret, error) {
	factor, err := s.store.FindSecondFactor(ctx, id)
	if err != nil {
		return nil, err
	}
	if factor.Confirmed {
		return nil, ErrSecondFactorActive
	}
	step, ok := stepOf(factor.Secret, normalCode(code), time.Now())
	if !ok {
		return nil, refuseCode(ctx, id)
	}
	codes, hashes := newRecoveryCodes()
	factor.Confirmed, factor.LastStep, factor.RecoveryHashes = true, step, hashes
	err = s.store.ConfirmSecondFactor(ctx, factor)
	if errors.Is(err, ErrChanged) { // another secret was made, or the code was confirmed, meanwhile
		return nil, ErrContended
	}
	if err != nil {
		return nil, err
	}
	security.Log(ctx, security.SecondFactorAdded, id)
	return codes, nil
}

// RemoveSecondFactor makes the password suffice for a login. It returns a *field.Error for a wrong password or code.
func (s *Service) RemoveSecondFactor(ctx context.Context, id string, password Secret, code string) error {
	customer, err := s.store.Find(ctx, id)
	if err != nil {
		return err
	}
	if err := s.confirm(ctx, customer, "password", password); err != nil {
		return err
	}
	factor, err := s.store.FindSecondFactor(ctx, id)
	if err == nil && !factor.Confirmed {
		err = ErrNoSecondFactor
	}
	if err != nil {
		return err
	}
	right, err := s.useCode(ctx, factor, code)
	if err != nil {
		return err
	}
	if !right {
		return refuseCode(ctx, id)
	}
	if err := s.store.DeleteSecondFactor(ctx, id); err != nil {
		return err
	}
	security.Log(ctx, security.SecondFactorRemoved, id)
	return nil
}

// refuseCode logs a wrong code in a session, and returns a *field.Error.
func refuseCode(ctx context.Context, id string) error {
	security.Log(ctx, security.CodeRefused, id)
	return field.Invalid("code", "is not a code of the second factor that can be used now")
}

// proveSecond returns an error unless the account has no second factor or the code is right. The password must have been right.
func (s *Service) proveSecond(ctx context.Context, customer Customer, code string) error {
	factor, err := s.store.FindSecondFactor(ctx, customer.ID)
	if errors.Is(err, ErrNoSecondFactor) || err == nil && !factor.Confirmed {
		return nil
	}
	if err != nil {
		return err
	}
	if code == "" {
		return ErrSecondFactorRequired
	}
	right, err := s.useCode(ctx, factor, code)
	if err == nil && !right {
		security.Log(ctx, security.CodeRefused, customer.ID)
		security.Log(ctx, security.SignInFailed, customer.ID, slog.Bool("of_staff", customer.staff()))
		return ErrInvalidCredentials
	}
	return err
}

// guardScopes withholds guarded scopes from an account without a second factor, if one is required.
func (s *Service) guardScopes(ctx context.Context, customer *Customer) error {
	if !s.guard || !customer.staff() {
		return nil
	}
	factor, err := s.store.FindSecondFactor(ctx, customer.ID)
	if errors.Is(err, ErrNoSecondFactor) || err == nil && !factor.Confirmed {
		customer.withhold()
		return nil
	}
	return err
}

// useCode reports whether a code is right, and uses it up: one of the device, or a recovery code.
func (s *Service) useCode(ctx context.Context, factor SecondFactor, code string) (bool, error) {
	code = normalCode(code)
	step, ok := stepOf(factor.Secret, code, time.Now())
	var err error
	if ok {
		err = s.store.UseStep(ctx, factor, step)
	} else {
		err = s.store.UseRecoveryCode(ctx, factor, tokenHash(code))
	}
	if errors.Is(err, ErrChanged) {
		return false, nil
	}
	return err == nil, err
}
