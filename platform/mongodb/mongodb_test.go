package mongodb_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"souk/platform/mongodb"
	"souk/platform/secret"
)

var quiet = slog.New(slog.DiscardHandler)

func TestErrorsOfOpenDoNotContainThePassword(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{
		"no database":      "mongodb://souk:hunter2@127.0.0.1:1",
		"bad option":       "mongodb://souk:hunter2@127.0.0.1:1/carts?authMechanism=perhaps",
		"bad port":         "mongodb://souk:hunter2@127.0.0.1:port/carts",
		"bad escape":       "mongodb://souk:hunter2%zz@127.0.0.1:1/carts",
		"bare slash":       "mongodb://souk:hun/hunter2@127.0.0.1:1/carts",
		"bare at sign":     "mongodb://souk:hunter2@hunter2@127.0.0.1:1/carts",
		"bare colon":       "mongodb://souk:hunter2:hunter2@127.0.0.1:1/carts",
		"bare number sign": "mongodb://souk:#hunter2@127.0.0.1:1/carts",
		"no host":          "mongodb://souk:hunter2@/carts",
		"another scheme":   "postgres://souk:hunter2@127.0.0.1:1/carts",
		"no URI":           "souk:hunter2",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			// One of the URIs names a host that might exist, so Open waits for it.
			ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
			defer cancel()
			_, err := mongodb.Open(ctx, mongodb.Config{URI: secret.URL(uri)}, slog.New(slog.NewTextHandler(&log, nil)))
			if err == nil || !strings.HasPrefix(err.Error(), "open database: ") || strings.Contains(err.Error()+log.String(), "hunter2") {
				t.Errorf("%v, logged %s", err, log.String())
			}
		})
	}
}
