package edge

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/access"
)

func TestAnAPIKeyStandsForItsToken(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	token := k.token(t, time.Hour, access.RoleStaff)
	var asked atomic.Int64
	exchange := func(_ context.Context, key string) (string, error) {
		asked.Add(1)
		switch key {
		case "souk_good":
			return token, nil
		case "souk_away":
			return "", status.Error(codes.Unavailable, "away")
		default:
			return "", status.Error(codes.Unauthenticated, "no client")
		}
	}
	logger := slog.New(slog.DiscardHandler)
	router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), TokenOfKey: exchange, Limits: NewLimits(nil), Logger: logger}, pass)
	if err != nil {
		t.Fatal(err)
	}
	ask := func(key string) reply {
		return serve(t, Wrap(router, logger, noRequestLog()), request{method: "GET", path: "/v1/admin/returns", header: map[string]string{"Authorization": "Bearer " + key}})
	}
	for range 3 {
		ask("souk_good").mustPass(t)
	}
	if asked.Load() != 1 {
		t.Errorf("customers was asked %d times about one key", asked.Load())
	}
	ask("souk_bad").mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
	ask("souk_away").mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
	limited := 0
	for range 200 {
		if ask("souk_bad").status == http.StatusTooManyRequests {
			limited++
		}
	}
	if limited < 100 {
		t.Errorf("%d of 200 tries were limited", limited)
	}
	ask("souk_good").mustPass(t)
}
