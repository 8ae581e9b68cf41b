package app

import (
	"errors"
	"net/url"
	"os"
	"path"
	"strings"
	"testing"

	"souk/platform/access"
	"souk/testkit/mongotest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/token"
)

// issuers returns two replicas on a database, to which the environment points commands.
func issuers(t *testing.T) (one, two *token.Issuer, store *mongo.Store) {
	t.Helper()
	db := mongotest.New(t)
	uri, err := url.Parse(os.Getenv(mongotest.Variable))
	if err != nil {
		t.Fatal(err)
	}
	uri.Path = path.Join("/", db.Name())
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", uri.String())
	store = mongo.New(db)
	for _, replica := range []**token.Issuer{&one, &two} {
		if *replica, err = token.NewIssuer(t.Context(), store, token.MinKeyLife); err != nil {
			t.Fatal(err)
		}
	}
	return one, two, store
}

func TestACommandEndsTheSigningKeysNow(t *testing.T) {
	one, two, _ := issuers(t)
	signed, _, err := one.Issue(customers.Customer{ID: "ada"}, "session")
	if err != nil {
		t.Fatal(err)
	}
	old := one.Published()[0].ID
	var out strings.Builder
	if err := Command(t.Context(), []string{"keys", "end"}, &out); err != nil || !strings.HasPrefix(out.String(), "1 signing keys were ended") {
		t.Fatalf("%q, %v", out.String(), err)
	}
	for _, replica := range []*token.Issuer{one, two} {
		if err := replica.Rotate(t.Context()); err != nil {
			t.Fatal(err)
		}
		published := replica.Published()
		if len(published) != 1 || published[0].ID == old {
			t.Errorf("%d keys are published, the old one among them: %v", len(published), published[0].ID == old)
		}
		if _, err := access.NewVerifier(replica).Verify(t.Context(), string(signed)); !errors.Is(err, access.ErrInvalidToken) {
			t.Errorf("a token of the key that was ended: %v", err)
		}
		again, _, err := replica.Issue(customers.Customer{ID: "ada"}, "session")
		if err != nil {
			t.Fatal(err)
		}
		for _, verifying := range []*token.Issuer{one, two} {
			if err := verifying.Rotate(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := access.NewVerifier(verifying).Verify(t.Context(), string(again)); err != nil {
				t.Errorf("a token of the new key: %v", err)
			}
		}
	}
}

func TestACommandEndsTheSessionsOfEveryone(t *testing.T) {
	issuer, _, store := issuers(t)
	accounts := customers.New(store, issuer)
	var sessions []customers.Tokens
	for _, email := range []string{"ada@example.com", "bob@example.com"} {
		if _, err := accounts.Register(t.Context(), email, "correct horse", "Ada"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			tokens, err := accounts.SignIn(t.Context(), customers.Credentials{Email: email, Password: "correct horse"})
			if err != nil {
				t.Fatal(err)
			}
			sessions = append(sessions, tokens)
		}
	}
	var out strings.Builder
	if err := Command(t.Context(), []string{"sessions", "end"}, &out); err != nil || !strings.HasPrefix(out.String(), "The sessions of everyone were ended") {
		t.Fatalf("%q, %v", out.String(), err)
	}
	for _, tokens := range sessions {
		if _, err := accounts.Refresh(t.Context(), tokens.Refresh); !errors.Is(err, customers.ErrInvalidRefreshToken) {
			t.Errorf("a session goes on: %v", err)
		}
	}
	if _, err := accounts.SignIn(t.Context(), customers.Credentials{Email: "ada@example.com", Password: "correct horse"}); err != nil {
		t.Errorf("a new session: %v", err)
	}
}
