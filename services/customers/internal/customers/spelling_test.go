package customers_test

import (
	"errors"
	"testing"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

func TestAllSpellingsOfAnEmailAreOneAccount(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	for first, others := range map[string][]string{
		"x@b\u00fccher.example":   {"x@xn--bcher-kva.example", "X@BU\u0308CHER.example", "x@b\u00fccher\u3002example"},
		"y@xn--bcher-kva.example": {"y@b\u00fccher.example", "y@XN--BCHER-KVA.example"},
		"z@example.com":           {"Z@Example.com", "z@\uff45xample.com"},
	} {
		account := register(t, s, first)
		for _, spelling := range others {
			if _, err := s.Register(t.Context(), spelling, password, "Ada"); !errors.Is(err, customers.ErrEmailTaken) {
				t.Errorf("register %q after %q: %v, want ErrEmailTaken", spelling, first, err)
			}
			if got := login(t, s, spelling).Customer.ID; got != account.ID {
				t.Errorf("login as %q is another account than %q", spelling, first)
			}
		}
	}
	for _, hidden := range []string{"z\u200b@example.com", "\u202ez@example.com", "z\u00ad@example.com", "z@exam\u200bple.com"} {
		var invalid *field.Error
		if _, err := s.Register(t.Context(), hidden, password, "Ada"); !errors.As(err, &invalid) || invalid.Violations[0].Field != "email" {
			t.Errorf("register %q: %v, want a violation of email", hidden, err)
		}
	}
}

// Earlier versions treated two spellings of a domain as different addresses, and accepted invisible characters.
func TestAccountsOfEarlierVersionsAreFoundAndNotDuplicated(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	const unicode, ascii, hidden = "x@b\u00fccher.example", "x@xn--bcher-kva.example", "z\u200b@example.com"
	old := func(email string) {
		t.Helper()
		account := customers.Customer{ID: uuid.NewString(), Email: email, Name: "Ada", PasswordHash: cheapHash()}
		if err := store.Insert(t.Context(), account); err != nil {
			t.Fatal(err)
		}
	}
	as := func(typed, want string) {
		t.Helper()
		if got := login(t, s, typed).Customer.Email; got != want {
			t.Errorf("login as %q is the account %q, want %q", typed, got, want)
		}
	}
	old(ascii)
	if _, err := s.Register(t.Context(), unicode, password, "Ada"); !errors.Is(err, customers.ErrEmailTaken) {
		t.Errorf("register %q beside %q: %v, want ErrEmailTaken", unicode, ascii, err)
	}
	as(ascii, ascii)
	as(unicode, ascii)
	old(unicode) // two accounts with different owners
	as(ascii, ascii)
	as(unicode, unicode)
	old(hidden)
	as(hidden, hidden)
	if err := s.DeleteAccount(t.Context(), login(t, s, hidden).Customer.ID, password); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Login(t.Context(), hidden, password); !errors.Is(err, customers.ErrInvalidCredentials) {
		t.Errorf("login after the deletion: %v, want ErrInvalidCredentials", err)
	}
}

func TestLoginAcceptsThePasswordInEveryUnicodeForm(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	const composed, decomposed = "G\u00e4nsebl\u00fcmchen", "Ga\u0308nseblu\u0308mchen"
	ada, err := s.Register(t.Context(), "ada@example.com", composed, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Login(t.Context(), "ada@example.com", decomposed); err != nil {
		t.Errorf("login with the password decomposed: %v", err)
	}
	if err := s.ChangePassword(t.Context(), ada.ID, "session", decomposed, password); err != nil {
		t.Errorf("change of the password decomposed: %v", err)
	}
}

// Accounts may have a password from before common passwords were refused.
func TestACommonPasswordIsAcceptedAtLoginButNotAsANewOne(t *testing.T) {
	t.Parallel()
	store := mongo.New(mongotest.New(t))
	s := on(t, store)
	hash, err := customers.NewHasher().Hash(t.Context(), "password")
	if err != nil {
		t.Fatal(err)
	}
	ada := customers.Customer{ID: uuid.NewString(), Email: "ada@example.com", Name: "Ada", PasswordHash: hash}
	if err := store.Insert(t.Context(), ada); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Login(t.Context(), "ada@example.com", "password"); err != nil {
		t.Errorf("login: %v", err)
	}
	for _, common := range []customers.Secret{"password", "12345678", "Password1!"} {
		var invalid *field.Error
		if _, err := s.Register(t.Context(), "new@example.com", common, "Ada"); !errors.As(err, &invalid) || invalid.Violations[0].Field != "password" {
			t.Errorf("register with %q: %v, want a violation of password", string(common), err)
		}
		if err := s.ChangePassword(t.Context(), ada.ID, "session", "password", common); !errors.As(err, &invalid) || invalid.Violations[0].Field != "new_password" {
			t.Errorf("change to %q: %v, want a violation of new_password", string(common), err)
		}
	}
	if err := s.EnsureStaff(t.Context(), "boss@example.com", "password"); err == nil {
		t.Error("the first staff account has a common password")
	}
}
