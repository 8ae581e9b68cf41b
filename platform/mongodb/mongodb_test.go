package mongodb_test

import (
	"strings"
	"testing"

	"souk/platform/mongodb"
	"souk/platform/secret"
)

func TestADatabaseThatCannotBeOpenedIsAnErrorWithoutThePassword(t *testing.T) {
	t.Parallel()
	for name, uri := range map[string]string{
		"nobody listens":   "mongodb://souk:hunter2@127.0.0.1:1/carts",
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
			_, err := mongodb.Open(t.Context(), mongodb.Config{URI: secret.URL(uri)})
			if err == nil || !strings.HasPrefix(err.Error(), "open database: ") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%v", err)
			}
		})
	}
}
