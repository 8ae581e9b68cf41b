package mail

import (
	"strings"
	"testing"
)

func TestAnInvalidSettingIsNamed(t *testing.T) {
	t.Parallel()
	valid := Config{Addr: "smtp.example.com:587", User: "shop", Password: "secret", TLS: STARTTLS, From: "Souk <shop@example.com>"}
	for name, test := range map[string]struct {
		change func(*Config)
		want   string
	}{
		"valid":                      {func(*Config) {}, ""},
		"without a server":           {func(c *Config) { *c = Config{} }, ""},
		"a host without a port":      {func(c *Config) { c.Addr = "smtp.example.com" }, "SOUK_SMTP_ADDR"},
		"a port without a host":      {func(c *Config) { c.Addr = ":587" }, "SOUK_SMTP_ADDR"},
		"port 0":                     {func(c *Config) { c.Addr = "smtp.example.com:0" }, "SOUK_SMTP_ADDR"},
		"port 70000":                 {func(c *Config) { c.Addr = "smtp.example.com:70000" }, "SOUK_SMTP_ADDR"},
		"an unknown encryption":      {func(c *Config) { c.TLS = "ssl" }, "SOUK_SMTP_TLS"},
		"a user without a password":  {func(c *Config) { c.Password = "" }, "SOUK_SMTP_PASSWORD"},
		"a password without a user":  {func(c *Config) { c.User = "" }, "SOUK_SMTP_USER"},
		"a password without TLS":     {func(c *Config) { c.TLS = Off }, "SOUK_SMTP_TLS"},
		"no sender":                  {func(c *Config) { c.From = "" }, "SOUK_MAIL_FROM"},
		"a sender that is a name":    {func(c *Config) { c.From = "Souk" }, "SOUK_MAIL_FROM"},
		"a sender with a line break": {func(c *Config) { c.From = "Souk <shop@example.com>\r\nBcc: eve@example.com" }, "SOUK_MAIL_FROM"},
	} {
		cfg := valid
		test.change(&cfg)
		err := cfg.Validate()
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, test.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", name, err)
		}
	}
}
