package config_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"souk/platform/config"
	"souk/platform/secret"
)

func TestASettingCalledLikeASecretMustBeOne(t *testing.T) {
	for name, target := range map[string]any{
		"SOUK_TEST_STRIPE_KEY": &struct {
			Stripe struct {
				Key string `env:"KEY"`
			} `envPrefix:"TEST_STRIPE_"`
		}{},
		"SOUK_TEST_TOKENS": &struct {
			Tokens []string `env:"TEST_TOKENS,required"`
		}{},
		"SOUK_TEST_SECRET": &struct {
			Secret []byte `env:"TEST_SECRET"`
		}{},
		"SOUK_TEST_URL": &struct {
			URL *url.URL `env:"TEST_URL"`
		}{},
		"SOUK_TEST_PASSWORDS": &struct {
			Passwords map[string]secret.Text `env:"TEST_PASSWORDS"`
		}{},
	} {
		if err := config.Load(target); err == nil || !strings.Contains(err.Error(), name+":") {
			t.Errorf("Load() = %v, want an error that names %s", err, name)
		}
	}
}

func TestSecretsAndWhatOnlySoundsLikeOneAreAccepted(t *testing.T) {
	t.Setenv("SOUK_TEST_TOKENS", "a,b")
	var s struct {
		Tokens   []secret.Text `env:"TEST_TOKENS"`
		Password *secret.Text  `env:"TEST_PASSWORD"`
		URI      secret.URL    `env:"TEST_URI"`
		Page     string        `env:"TEST_PAGE_URL" redact:"no"`
		KeyLife  time.Duration `env:"TEST_KEY_LIFE"`
		Retries  int           `env:"TEST_TOKEN_RETRIES"`
	}
	if err := config.Load(&s); err != nil {
		t.Fatal(err)
	}
	if len(s.Tokens) != 2 || s.Tokens[1] != "b" {
		t.Errorf("Load filled %d tokens", len(s.Tokens))
	}
}

// seed is a secret inside a struct.
type seed struct{ Bytes secret.Text }

func (*seed) UnmarshalText([]byte) error { return errors.New("the seed is too short") }

func TestAMalformedSecretIsNotShown(t *testing.T) {
	t.Setenv("SOUK_TEST_KEY", canary)
	var s struct {
		Key seed `env:"TEST_KEY" redact:"no"`
	}
	err := config.Load(&s)
	if err == nil || !strings.Contains(err.Error(), "SOUK_TEST_KEY: [redacted] is no config_test.seed") {
		t.Errorf("Load() = %v", err)
	}
	if err != nil && strings.Contains(err.Error(), canary) {
		t.Errorf("%v shows the secret", err)
	}
}
