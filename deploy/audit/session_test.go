package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc/metadata"

	"souk/platform/access"
)

// gateway is where staff@souk.example logs in with "secret", and gets a new token each time.
func gateway(t *testing.T, expiresIn int) (url string, logins *atomic.Int64) {
	t.Helper()
	logins = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var credentials struct{ Email, Password string }
		_ = json.NewDecoder(r.Body).Decode(&credentials)
		if r.Method != http.MethodPost || r.URL.Path != "/v1/sessions" || credentials.Email != "staff@souk.example" || credentials.Password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"code": "invalid_credentials"}`)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": %d}`, logins.Add(1), expiresIn)
	}))
	t.Cleanup(server.Close)
	return server.URL, logins
}

// bearer returns what a call made with ctx says of who makes it.
func bearer(ctx context.Context) string {
	outgoing, _ := metadata.FromOutgoingContext(access.Outgoing(ctx))
	return strings.Join(outgoing.Get("authorization"), ",")
}

// third returns what the third of three calls says of who makes it.
func third(t *testing.T, sign func(context.Context) (context.Context, error)) (got string) {
	t.Helper()
	for range 3 {
		ctx, err := sign(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		got = bearer(ctx)
	}
	return got
}

func TestASessionLastsForManyCallsAndIsRenewedInTime(t *testing.T) {
	t.Parallel()
	for expiresIn, want := range map[int]string{900: "Bearer token-1", 0: "Bearer token-3"} {
		url, logins := gateway(t, expiresIn)
		sign := newSigner(Config{URL: url + "/", StaffEmail: "staff@souk.example", StaffPassword: "secret"})
		if got := third(t, sign); got != want {
			t.Errorf("tokens of %d s: the third call has %q after %d logins, want %q", expiresIn, got, logins.Load(), want)
		}
	}
}

func TestAPasswordThatIsWrongSaysSo(t *testing.T) {
	t.Parallel()
	url, _ := gateway(t, 900)
	_, err := newSigner(Config{URL: url, StaffEmail: "staff@souk.example", StaffPassword: "guess"})(t.Context())
	if err == nil || !strings.Contains(err.Error(), "log in as staff@souk.example: 401") || !strings.Contains(err.Error(), "invalid_credentials") {
		t.Errorf("err = %v", err)
	}
}

// tokenEndpoint gives the client "audit" with "secret" a new token each time.
func tokenEndpoint(t *testing.T, expiresIn int) (url string) {
	t.Helper()
	var given atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, password, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path != "/oauth/token" || r.FormValue("grant_type") != "client_credentials" || id != "audit" || password != "secret" {
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = fmt.Fprint(w, `{"error": "invalid_client"}`)
			return
		}
		_, _ = fmt.Fprintf(w, `{"access_token": "token-%d", "token_type": "Bearer", "expires_in": %d}`, given.Add(1), expiresIn)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func TestAClientNeedsNoPersonsPassword(t *testing.T) {
	t.Parallel()
	for expiresIn, want := range map[int]string{300: "Bearer token-1", 1: "Bearer token-3"} {
		sign := newSigner(Config{URL: tokenEndpoint(t, expiresIn), ClientID: "audit", ClientSecret: "secret"})
		if got := third(t, sign); got != want {
			t.Errorf("tokens of %d s: the third call has %q, want %q", expiresIn, got, want)
		}
	}
	_, err := newSigner(Config{URL: tokenEndpoint(t, 300), ClientID: "audit", ClientSecret: "guess"})(t.Context())
	if err == nil || !strings.Contains(err.Error(), "as client audit") || !strings.Contains(err.Error(), "invalid_client") {
		t.Errorf("err = %v", err)
	}
}

func TestWhoAnAuditIsMustBeSaid(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		cfg  Config
		want string
	}{
		"nobody":             {Config{}, "SOUK_STAFF_PASSWORD"},
		"an id alone":        {Config{ClientID: "audit", StaffPassword: "secret"}, "SOUK_CLIENT_SECRET"},
		"a secret alone":     {Config{ClientSecret: "secret"}, "SOUK_CLIENT_ID"},
		"staff":              {Config{StaffPassword: "secret"}, ""},
		"a client":           {Config{ClientID: "audit", ClientSecret: "secret"}, ""},
		"a client and staff": {Config{ClientID: "audit", ClientSecret: "secret", StaffPassword: "secret"}, ""},
	} {
		err := c.cfg.Validate()
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want an error about %q", name, err, c.want)
		}
	}
}
