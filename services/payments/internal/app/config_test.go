package app

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"souk/platform/config"
)

func TestSettingsAreChecked(t *testing.T) {
	for name, test := range map[string]struct {
		env  map[string]string
		want string
	}{
		"as it comes":        {nil, ""},
		"short days":         {map[string]string{"SIMULATOR_DAY": "1s"}, ""},
		"no days":            {map[string]string{"SIMULATOR_DAY": "0s"}, "SOUK_PAYMENTS_SIMULATOR_DAY must be above 0"},
		"stripe":             {map[string]string{"PROVIDER": "stripe", "STRIPE_KEY": "sk_test_1"}, ""},
		"stripe-mock":        {map[string]string{"PROVIDER": "stripe", "STRIPE_KEY": "sk_test_1", "STRIPE_URL": "http://127.0.0.1:12111"}, ""},
		"another provider":   {map[string]string{"PROVIDER": "paypal"}, `SOUK_PAYMENTS_PROVIDER: "paypal" is neither simulator nor stripe`},
		"stripe, but no key": {map[string]string{"PROVIDER": "stripe"}, "SOUK_PAYMENTS_STRIPE_KEY is required"},
		"no URL":             {map[string]string{"PROVIDER": "stripe", "STRIPE_KEY": "sk_test_1", "STRIPE_URL": "stripe"}, "SOUK_PAYMENTS_STRIPE_URL is no"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SOUK_PAYMENTS_DATABASE_URL", "postgres://")
			for variable, value := range test.env {
				t.Setenv("SOUK_PAYMENTS_"+variable, value)
			}
			var cfg Config
			err := config.Load(&cfg)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("err = %v, want %q", err, test.want)
			}
		})
	}
}

func TestOnlyTheProvidersWebhooksAreAcceptedAndOnlyWithASecret(t *testing.T) {
	t.Parallel()
	secrets := Config{Simulator: SimulatorEnv{WebhookSecret: "s"}, Stripe: StripeEnv{WebhookSecret: "s"}}
	for provider, cfg := range map[string]Config{simulated: secrets, byStripe: secrets, "": {}} {
		cfg.Provider = cmp.Or(provider, simulated)
		_, webhooks := cfg.provider(nil)
		names := strings.Join(slices.Collect(maps.Keys(webhooks)), " ")
		if names != provider {
			t.Errorf("%s has webhooks of %q, want %q", cfg.Provider, names, provider)
		}
	}
}

func TestSecretsAreNotPrinted(t *testing.T) {
	t.Parallel()
	cfg := Config{Stripe: StripeEnv{Key: "sk_live", WebhookSecret: "sk_live"}, Simulator: SimulatorEnv{WebhookSecret: "sk_live"}}
	encoded, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", cfg, cfg, cfg, cfg.Stripe.Key), cfg.Stripe.Key.LogValue().String(), string(encoded)} {
		if strings.Contains(text, "sk_live") {
			t.Errorf("printed: %s", text)
		}
	}
}
