package customers_test

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"testing"

	"souk/testkit/inbox"
	"souk/testkit/timing"

	"souk/services/customers/internal/customers"
)

func TestAGuessedTokenChangesNoAddress(t *testing.T) {
	t.Parallel()
	const guesses = 1000
	o := newOffice(t, inbox.Config{})
	ada := register(t, o.Service, oldHome)
	raw, err := base64.RawURLEncoding.DecodeString(string(o.changeToken(t, ada, newHome)))
	if err != nil || len(raw) != 32 {
		t.Fatalf("a token of %d bytes, %v; want 32", len(raw), err)
	}
	for i := range guesses {
		guess := slices.Clone(raw)
		if i < 256 { // one bit is wrong
			guess[i/8] ^= 1 << (i % 8)
		} else {
			_, _ = rand.Read(guess)
		}
		secret := customers.Secret(base64.RawURLEncoding.EncodeToString(guess))
		if err := o.VerifyEmail(t.Context(), secret); !errors.Is(err, customers.ErrInvalidMailToken) {
			t.Fatalf("guess %d: %v", i, err)
		}
	}
	o.mustHave(t, ada, oldHome, newHome)
	t.Logf("measured: %d guesses, 256 of them wrong in one bit, none accepted", guesses)
}

func TestATokenChangesTheAddressOfItsAccountAlone(t *testing.T) {
	t.Parallel()
	const people = 5
	o := newOffice(t, inbox.Config{})
	next := func(i int) string { return fmt.Sprintf("person%d@example.org", i) }
	var all []customers.Customer
	var tokens []customers.Secret
	for i := range people {
		c := register(t, o.Service, fmt.Sprintf("person%d@example.com", i))
		all, tokens = append(all, c), append(tokens, o.changeToken(t, c, next(i)))
	}
	for i := range all {
		if err := o.VerifyEmail(t.Context(), tokens[i]); err != nil {
			t.Fatal(err)
		}
		for j, other := range all {
			want := other.Email
			if j <= i {
				want = next(j)
			}
			if found, err := o.Customer(t.Context(), other.ID); err != nil || found.Email != want {
				t.Errorf("after the change of %d, %d has %q, %v; want %q", i, j, found.Email, err, want)
			}
		}
	}
}

// Not parallel, because it measures.
func TestTheTimeOfAnAnswerDoesNotTellWhetherAnAddressHasAnAccount(t *testing.T) {
	o := newOffice(t, inbox.Config{})
	if err := o.copies(t, "known", timing.Pairs()); err != nil {
		t.Fatal(err)
	}
	ada := register(t, o.Service, oldHome)
	for name, ask := range map[string]func(address string) error{
		"a new password": func(address string) error { return o.RequestPasswordReset(t.Context(), address) },
		"a login": func(address string) error {
			_, err := o.Login(t.Context(), address, "a guess")
			if errors.Is(err, customers.ErrInvalidCredentials) {
				return nil
			}
			return fmt.Errorf("want ErrInvalidCredentials: %w", err)
		},
		"a change of the address": func(address string) error { return o.RequestEmailChange(t.Context(), ada.ID, address, password) },
	} {
		t.Run(name, func(t *testing.T) {
			timing.Compare(t,
				func(pair int) error { return ask(fmt.Sprintf("known%d@example.com", pair)) },
				func(pair int) error { return ask(fmt.Sprintf("nobody%d@example.com", pair)) },
			)
		})
	}
}
