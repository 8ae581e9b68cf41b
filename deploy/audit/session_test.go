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

func TestASessionLastsForManyCallsAndIsRenewedInTime(t *testing.T) {
	t.Parallel()
	for expiresIn, want := range map[int]string{900: "Bearer token-1", 0: "Bearer token-3"} {
		url, logins := gateway(t, expiresIn)
		s := newSession(Config{URL: url + "/", StaffEmail: "staff@souk.example", StaffPassword: "secret"})
		var got string
		for range 3 {
			ctx, err := s.sign(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			got = bearer(ctx)
		}
		if got != want {
			t.Errorf("tokens of %d s: the third call has %q after %d logins, want %q", expiresIn, got, logins.Load(), want)
		}
	}
}

func TestAPasswordThatIsWrongSaysSo(t *testing.T) {
	t.Parallel()
	url, _ := gateway(t, 900)
	_, err := newSession(Config{URL: url, StaffEmail: "staff@souk.example", StaffPassword: "guess"}).sign(t.Context())
	if err == nil || !strings.Contains(err.Error(), "log in as staff@souk.example: 401") || !strings.Contains(err.Error(), "invalid_credentials") {
		t.Errorf("err = %v", err)
	}
}
