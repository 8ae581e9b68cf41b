package customers_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/security"
	"souk/testkit/mongotest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
)

// signInFrom signs in with a client that calls itself userAgent.
func signInFrom(t *testing.T, s *customers.Service, email, userAgent string) customers.Tokens {
	t.Helper()
	tokens, err := s.SignIn(t.Context(), credentials(email, userAgent))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func credentials(email, userAgent string) customers.Credentials {
	return customers.Credentials{Email: email, Password: password, UserAgent: userAgent}
}

// sessionsOf returns the IDs of all sessions of a customer, read in pages.
func sessionsOf(t *testing.T, s *customers.Service, c customers.Customer, limit int) (ids []string) {
	t.Helper()
	for cursor := ""; ; {
		page, next, err := s.Sessions(t.Context(), c.ID, limit, cursor)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) > limit {
			t.Fatalf("a page has %d sessions", len(page))
		}
		for _, session := range page {
			ids = append(ids, session.ID)
		}
		if next == "" {
			return ids
		}
		cursor = next
	}
}

func TestACustomerSeesWhereTheAccountIsSignedIn(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	ada, bob := first.Customer, register(t, s, "bob@example.com")
	login(t, s, bob.Email)
	start := time.Now().Add(-time.Second)
	phone := signInFrom(t, s, ada.Email, "Phone\x00/1\r\n")
	page, next, err := s.Sessions(t.Context(), ada.ID, 0, "")
	if err != nil || next != "" || len(page) != 2 {
		t.Fatalf("%+v, %q, %v", page, next, err)
	}
	got := page[0]
	if got.ID != sessionOf(phone) || got.Device != "Phone/1" || got.CreatedAt.Before(start) || !got.LastUsedAt().Equal(got.CreatedAt) {
		t.Errorf("%+v", got)
	}
	if page[1].ID != sessionOf(first) || page[1].Device != "" {
		t.Errorf("%+v", page[1])
	}
	refresh(t, s, phone.Refresh)
	page, _, err = s.Sessions(t.Context(), ada.ID, 0, "")
	if err != nil || !page[0].LastUsedAt().After(got.CreatedAt) || !page[0].CreatedAt.Equal(got.CreatedAt) || page[0].Device != "Phone/1" {
		t.Errorf("after a refresh: %+v, %v", page[0], err)
	}
	for _, session := range page {
		if strings.Contains(string(phone.Refresh), session.ID+".") == (session.ID == sessionOf(first)) {
			t.Errorf("%s", session.ID)
		}
	}
}

func TestSessionsAreReadInPages(t *testing.T) {
	t.Parallel()
	db := mongotest.New(t)
	store := mongo.New(db)
	s := on(t, store)
	ada := register(t, s, "ada@example.com")
	var want []string
	for i := range 7 {
		id, err := uuid.NewV7()
		if err != nil {
			t.Fatal(err)
		}
		session := customers.Session{ID: id.String(), CustomerID: ada.ID, CreatedAt: time.Now(), ExpiresAt: time.Now().Add(time.Hour)}
		switch i {
		case 1:
			session.ExpiresAt = time.Now().Add(-time.Second)
		case 2:
			session.PasswordVersion = 1 // of another password
		default:
			want = append([]string{session.ID}, want...)
		}
		if err := store.InsertSession(t.Context(), session); err != nil {
			t.Fatal(err)
		}
	}
	for _, limit := range []int{1, 2, 5, 6, 100} {
		if got := sessionsOf(t, s, ada, limit); !slices.Equal(got, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, got, want)
		}
	}
	for _, limit := range []int{-1, 101} {
		var invalid *field.Error
		if _, _, err := s.Sessions(t.Context(), ada.ID, limit, ""); !errors.As(err, &invalid) || invalid.Violations[0].Field != "limit" {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
	if _, _, err := s.Sessions(t.Context(), ada.ID, 1, "x"); !errors.Is(err, customers.ErrBadCursor) {
		t.Errorf("a bad cursor: %v", err)
	}
	if _, _, err := s.Sessions(t.Context(), uuid.NewString(), 1, ""); !errors.Is(err, customers.ErrNotFound) {
		t.Errorf("a deleted account: %v", err)
	}
}

func TestAfterAChangeOfThePasswordOnlyTheSessionOfTheChangeIsListed(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	login(t, s, "ada@example.com")
	if err := s.ChangePassword(t.Context(), first.Customer.ID, sessionOf(first), password, newPassword); err != nil {
		t.Fatal(err)
	}
	if got := sessionsOf(t, s, first.Customer, 10); !slices.Equal(got, []string{sessionOf(first)}) {
		t.Errorf("%v, want %s", got, sessionOf(first))
	}
}

func TestAnEndedSessionCannotBeRefreshed(t *testing.T) {
	t.Parallel()
	s, _, first := bundle(t)
	ada, bob := first.Customer, register(t, s, "bob@example.com")
	second := login(t, s, ada.Email)
	ctx, events := securitytest.Record(t.Context(), t)
	for name, id := range map[string]string{
		"another's": sessionOf(login(t, s, bob.Email)), "unknown": uuid.NewString(), "a token": string(second.Refresh), "empty": "", "long": strings.Repeat("a", 1<<20),
	} {
		if err := s.EndSession(ctx, ada.ID, id); !errors.Is(err, customers.ErrSessionNotFound) {
			t.Errorf("%s: %v, want ErrSessionNotFound", name, err)
		}
	}
	if err := s.EndSession(ctx, ada.ID, sessionOf(second)); err != nil {
		t.Fatal(err)
	}
	events.Expect(t, security.SignedOut, ada.ID)
	refused(t, s, "the token of an ended session", second.Refresh)
	refresh(t, s, first.Refresh)
	if got := sessionsOf(t, s, bob, 10); len(got) != 1 {
		t.Errorf("bob has the sessions %v", got)
	}
	if err := s.EndSession(ctx, ada.ID, sessionOf(second)); !errors.Is(err, customers.ErrSessionNotFound) {
		t.Errorf("again: %v, want ErrSessionNotFound", err)
	}
}

func TestARefreshTokenThatIsRevokedEndsItsSession(t *testing.T) {
	t.Parallel()
	s, _ := setup(t)
	register(t, s, "ada@example.com")
	for _, name := range []string{"the valid token", "the one before"} {
		first := login(t, s, "ada@example.com")
		tokens := refresh(t, s, first.Refresh)
		forged := customers.Secret(sessionOf(tokens) + ".forged")
		for _, other := range []customers.Secret{"", "x", forged, "01992f38-0a5e-7d3c-9b1f-2c4d5e6f7a80.x"} {
			if err := s.RevokeRefreshToken(t.Context(), other); err != nil {
				t.Errorf("a token that is not valid: %v", err)
			}
		}
		tokens = refresh(t, s, tokens.Refresh)
		given := tokens.Refresh
		if name == "the one before" {
			given = refreshed(t, s, &tokens)
		}
		ctx, events := securitytest.Record(t.Context(), t)
		if err := s.RevokeRefreshToken(ctx, given); err != nil {
			t.Fatal(err)
		}
		events.Expect(t, security.SignedOut, tokens.Customer.ID)
		if _, err := s.Refresh(t.Context(), tokens.Refresh); !errors.Is(err, customers.ErrInvalidRefreshToken) {
			t.Errorf("%s: the session goes on: %v", name, err)
		}
	}
}

// refreshed refreshes tokens, and returns the refresh token that was used.
func refreshed(t *testing.T, s *customers.Service, tokens *customers.Tokens) customers.Secret {
	t.Helper()
	used := tokens.Refresh
	*tokens = refresh(t, s, used)
	return used
}
