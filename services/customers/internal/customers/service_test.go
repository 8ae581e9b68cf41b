package customers_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/platform/access"
	"souk/platform/field"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

const password = customers.Secret("correct horse")

func setup(t *testing.T) (*customers.Service, *token.Issuer) {
	t.Helper()
	store := mongo.New(mongotest.New(t))
	issuer := newIssuer(t, store)
	return customers.New(store, issuer), issuer
}

func newIssuer(t *testing.T, store token.Store) *token.Issuer {
	t.Helper()
	issuer, err := token.NewIssuer(t.Context(), store, 30*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

func register(t *testing.T, s *customers.Service, email string) customers.Customer {
	t.Helper()
	c, err := s.Register(t.Context(), email, password, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestOfConcurrentRegistrationsOfAnEmailOneSucceeds(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	s := on(t, mongo.New(db))
	spellings := []string{"josé@example.com", "  José@Example.COM ", "JOSÉ@EXAMPLE.COM", "jose\u0301@example.com"}
	var won, refused atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			switch _, err := s.Register(t.Context(), spellings[i%len(spellings)], password, "José"); {
			case err == nil:
				won.Add(1)
			case errors.Is(err, customers.ErrEmailTaken):
				refused.Add(1)
			default:
				t.Errorf("register: %v", err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 || refused.Load() != 49 {
		t.Errorf("%d won and %d were refused, want 1 and 49", won.Load(), refused.Load())
	}
	for _, collection := range []string{"customers", "emails"} {
		if n := count(t, db, collection); n != 1 {
			t.Errorf("%d documents are left in %s, want 1", n, collection)
		}
	}
	for _, spelling := range spellings {
		if _, err := s.Login(t.Context(), spelling, password); err != nil {
			t.Errorf("login as %q: %v", spelling, err)
		}
	}
}

func count(t *testing.T, db *driver.Database, collection string) int64 {
	t.Helper()
	n, err := db.Collection(collection).CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestRegisterNamesBadFields(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	tests := []struct {
		email    string
		password customers.Secret
		name     string
		want     string
	}{
		{"not an e-mail", password, "Ada", "email"},
		{"Ada <ada@example.com>", password, "Ada", "email"},
		{strings.Repeat("a", 250) + "@example.com", password, "Ada", "email"},
		{"ada@example.com", "short", "Ada", "password"},
		{"ada@example.com", customers.Secret(strings.Repeat("a", 201)), "Ada", "password"},
		{"ada@example.com", " Ada@Example.com", "Ada", "password"},
		{"ada@example.com", password, "  ", "name"},
		{"ada@example.com", password, "Ada\x00", "name"},
	}
	for _, test := range tests {
		var invalid *field.Error
		_, err := s.Register(t.Context(), test.email, test.password, test.name)
		if !errors.As(err, &invalid) || invalid.Violations[0].Field != test.want {
			t.Errorf("%q %q: %v, want a violation of %s", test.email, test.name, err, test.want)
		}
	}
}

func TestLoginIssuesATokenThatVerifies(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	ada := register(t, s, "ada@example.com")
	tokens, err := s.Login(t.Context(), " ADA@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := access.NewVerifier(issuer).Verify(t.Context(), string(tokens.Access))
	if err != nil || caller.CustomerID != ada.ID || caller.Staff() || tokens.Life != token.Life {
		t.Errorf("caller = %+v, %v; want customer %s for 15 minutes", caller, err, ada.ID)
	}
}

func TestWrongPasswordAndUnknownEmailGetTheSameError(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	register(t, s, "ada@example.com")
	for _, email := range []string{"ada@example.com", "nobody@example.com", "no e-mail", "", "a\x00@example.com", strings.Repeat("a", 1<<20)} {
		if _, err := s.Login(t.Context(), email, "wrong password"); !errors.Is(err, customers.ErrInvalidCredentials) {
			t.Errorf("login as %q: %v, want ErrInvalidCredentials", email, err)
		}
	}
}

func TestLogoutEndsTheSession(t *testing.T) {
	t.Parallel()
	s, issuer := setup(t)
	register(t, s, "ada@example.com")
	tokens, err := s.Login(t.Context(), "ada@example.com", password)
	if err != nil {
		t.Fatal(err)
	}
	caller, err := access.NewVerifier(issuer).Verify(t.Context(), string(tokens.Access))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Logout(t.Context(), caller.SessionID); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refresh(t.Context(), tokens.Refresh); !errors.Is(err, customers.ErrInvalidRefreshToken) {
		t.Errorf("refresh after logout: %v, want ErrInvalidRefreshToken", err)
	}
}

func TestPostalCodesAreCheckedByCountry(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	villa := customers.Address{Name: "A", Line1: "Villa 4", City: "Dubai", Country: "AE"}
	if _, _, err := s.SaveAddress(t.Context(), ada.ID, villa, nil); err != nil {
		t.Errorf("without a postal code in Dubai: %v", err)
	}
	for _, code := range []string{"", "12345", strings.Repeat("1", 300)} {
		villa.Country, villa.PostalCode = "GB", code
		var invalid *field.Error
		if _, _, err := s.SaveAddress(t.Context(), ada.ID, villa, nil); !errors.As(err, &invalid) || invalid.Violations[0].Field != "postal_code" {
			t.Errorf("postal code %q in GB: %v, want a violation of postal_code", code, err)
		}
	}
}

func TestAddresses(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	ada := register(t, s, "ada@example.com")
	home := customers.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	saved, _, err := s.SaveAddress(t.Context(), ada.ID, home, nil)
	if err != nil || saved.ID == "" {
		t.Fatalf("save: %+v, %v", saved, err)
	}
	saved.City = "York"
	if _, err := s.ReplaceAddress(t.Context(), ada.ID, saved); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Address(t.Context(), ada.ID, saved.ID); err != nil || got != saved {
		t.Errorf("address = %+v, %v; want %+v", got, err, saved)
	}
	bob := register(t, s, "bob@example.com")
	if _, err := s.Address(t.Context(), bob.ID, saved.ID); !errors.Is(err, customers.ErrAddressNotFound) {
		t.Errorf("another's address: %v, want ErrAddressNotFound", err)
	}
	if err := s.ForgetAddress(t.Context(), ada.ID, saved.ID); err != nil {
		t.Fatal(err)
	}
	if err := s.ForgetAddress(t.Context(), ada.ID, saved.ID); !errors.Is(err, customers.ErrAddressNotFound) {
		t.Errorf("forgetting it again: %v, want ErrAddressNotFound", err)
	}
	for _, country := range []string{"UK", "gb", "ZZ", "", "EU"} {
		home.Country = country
		var invalid *field.Error
		if _, _, err := s.SaveAddress(t.Context(), ada.ID, home, nil); !errors.As(err, &invalid) || invalid.Violations[0].Field != "country" {
			t.Errorf("country %q: %v, want a violation of country", country, err)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	customer := customers.Customer{PasswordHash: password}
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "secret", password, "customer", customer)
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "secret", password, "customer", customer)
	for _, text := range []string{log.String(), fmt.Sprint(password), fmt.Sprintf("%#v", password), fmt.Sprintf("%+v", customer)} {
		if strings.Contains(text, string(password)) {
			t.Errorf("a print shows the secret: %s", text)
		}
	}
}
