package app_test

import (
	"strings"
	"testing"
	"time"

	"souk/platform/config"

	"souk/services/customers/internal/app"
)

func TestStaffEmailAndPasswordMustBothBeSet(t *testing.T) {
	tests := []struct {
		email, password string
		ok              bool
	}{
		{"", "", true},
		{"staff@example.com", "correct horse", true},
		{"staff@example.com", "", false},
		{"", "correct horse", false},
	}
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	for _, test := range tests {
		t.Setenv("SOUK_STAFF_EMAIL", test.email)
		t.Setenv("SOUK_STAFF_PASSWORD", test.password)
		var cfg app.Config
		err := config.Load(&cfg)
		if (err == nil) != test.ok || err != nil && !strings.Contains(err.Error(), "SOUK_STAFF_PASSWORD") {
			t.Errorf("e-mail %q, password %q: %v; want ok %v", test.email, test.password, err, test.ok)
		}
		if err == nil && string(cfg.StaffPassword) != test.password {
			t.Errorf("the password did not arrive")
		}
	}
}

func TestASecretOfAToolThatCouldBeGuessedIsRefused(t *testing.T) {
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	for _, variable := range []string{"SOUK_AUDIT_CLIENT_SECRET", "SOUK_DEMO_CLIENT_SECRET", "SOUK_MEND_CLIENT_SECRET"} {
		for secret, ok := range map[string]bool{"": true, "abcdefghijklmnopqrstuvwxy": false, "abcdefghijklmnopqrstuvwxyz": true} {
			t.Setenv(variable, secret)
			err := config.Load(&app.Config{})
			if (err == nil) != ok || err != nil && (!strings.Contains(err.Error(), variable) || strings.Contains(err.Error(), secret)) {
				t.Errorf("%s with %d characters: %v; want ok %v", variable, len(secret), err, ok)
			}
		}
		t.Setenv(variable, "")
	}
}

func TestKeyLifeMustBeAtLeastAnHour(t *testing.T) {
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	for life, ok := range map[string]bool{"": true, "1h": true, "59m59s": false, "-1h": false, "a month": false} {
		t.Setenv("SOUK_CUSTOMERS_KEY_LIFE", life)
		var cfg app.Config
		err := config.Load(&cfg)
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "SOUK_CUSTOMERS_KEY_LIFE") {
			t.Errorf("a life of %q: %v; want ok %v", life, err, ok)
		}
		if life == "" && cfg.KeyLife != 30*24*time.Hour {
			t.Errorf("a key signs for %v, want 30 days", cfg.KeyLife)
		}
	}
}

func TestASettingOfMailsIsNamed(t *testing.T) {
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	valid := map[string]string{
		"SOUK_SMTP_ADDR": "smtp.example.com:587", "SOUK_SMTP_TLS": "", "SOUK_MAIL_FROM": "Souk <shop@example.com>",
		"SOUK_CUSTOMERS_PAGES_URL": "https://shop.example.com/pages",
	}
	for _, test := range []struct{ name, value, wrong string }{
		{"", "", ""},
		{"SOUK_SMTP_ADDR", "", ""}, // then the others do not matter
		{"SOUK_SMTP_ADDR", "smtp.example.com", "SOUK_SMTP_ADDR"},
		{"SOUK_SMTP_TLS", "tls", ""},
		{"SOUK_SMTP_TLS", "maybe", "SOUK_SMTP_TLS"},
		{"SOUK_MAIL_FROM", "", "SOUK_MAIL_FROM"},
		{"SOUK_CUSTOMERS_PAGES_URL", "", "SOUK_CUSTOMERS_PAGES_URL"},
		{"SOUK_CUSTOMERS_PAGES_URL", "shop.example.com", "SOUK_CUSTOMERS_PAGES_URL"},
		{"SOUK_CUSTOMERS_PAGES_URL", "javascript:alert(1)", "SOUK_CUSTOMERS_PAGES_URL"},
		{"SOUK_CUSTOMERS_PAGES_URL", "https://shop.example.com/?page=", "SOUK_CUSTOMERS_PAGES_URL"},
		{"SOUK_CUSTOMERS_PAGES_URL", "https://me:secret@shop.example.com", "SOUK_CUSTOMERS_PAGES_URL"},
	} {
		for name, value := range valid {
			t.Setenv(name, value)
		}
		if test.name != "" {
			t.Setenv(test.name, test.value)
		}
		var cfg app.Config
		err := config.Load(&cfg)
		if (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s=%s: %v; want an error about %q", test.name, test.value, err, test.wrong)
		}
	}
}

func TestASecondFactorOfStaffIsRequiredUnlessTheSettingSaysOtherwise(t *testing.T) {
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	for value, want := range map[string]string{"": "required", "required": "required", "optional": "optional", "no": ""} {
		t.Setenv("SOUK_CUSTOMERS_STAFF_SECOND_FACTOR", value)
		var cfg app.Config
		err := config.Load(&cfg)
		if (err == nil) != (want != "") || err != nil && !strings.Contains(err.Error(), "SOUK_CUSTOMERS_STAFF_SECOND_FACTOR") || err == nil && cfg.StaffSecondFactor != want {
			t.Errorf("%q: %q, %v; want %q", value, cfg.StaffSecondFactor, err, want)
		}
	}
}

func TestASettingOfOpenIDProvidersIsNamedWithoutItsSecrets(t *testing.T) {
	t.Setenv("SOUK_CUSTOMERS_MONGO_URI", "mongodb://127.0.0.1/customers")
	valid := map[string]string{
		"SOUK_OPENID_PROVIDERS":    `[{"name": "corp", "issuer": "https://id.example.com", "client_id": "souk", "client_secret": "hush"}]`,
		"SOUK_OPENID_URL":          "https://api.shop.example.com",
		"SOUK_CUSTOMERS_PAGES_URL": "https://shop.example.com",
	}
	for _, test := range []struct{ name, value, wrong string }{
		{"", "", ""},
		{"SOUK_OPENID_PROVIDERS", "", ""}, // then the others do not matter
		{"SOUK_OPENID_PROVIDERS", "hush", "SOUK_OPENID_PROVIDERS"},
		{"SOUK_OPENID_URL", "", "SOUK_OPENID_URL"},
		{"SOUK_OPENID_URL", "api.shop.example.com", "SOUK_OPENID_URL"},
		{"SOUK_CUSTOMERS_PAGES_URL", "", "SOUK_CUSTOMERS_PAGES_URL"},
	} {
		for name, value := range valid {
			t.Setenv(name, value)
		}
		if test.name != "" {
			t.Setenv(test.name, test.value)
		}
		var cfg app.Config
		err := config.Load(&cfg)
		if (err == nil) != (test.wrong == "") || err != nil && (!strings.Contains(err.Error(), test.wrong) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%s=%s: %v; want an error about %q", test.name, test.value, err, test.wrong)
		}
	}
}
