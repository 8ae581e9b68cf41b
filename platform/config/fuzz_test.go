package config_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"souk/platform/config"
	"souk/platform/secret"
)

// everything has settings of all types that the services use.
type everything struct {
	Text   string        `env:"TEST_TEXT,required"`
	Wait   time.Duration `env:"TEST_WAIT"`
	Count  int32         `env:"TEST_COUNT"`
	Level  slog.Level    `env:"TEST_LEVEL"`
	Secret secret.Text   `env:"TEST_SECRET"`
}

// FuzzLoad checks that settings are either read or reported in an error of one line without secrets.
func FuzzLoad(f *testing.F) {
	f.Add("postgres://", "5s", "10", "info", "s3cret")
	f.Add("", "soon", "1e3", "loud", "")
	f.Add("$HOME\n", "-9999999h", "2147483648", "warn+9999999999999999999", "a,b:c")
	f.Add("\x10", "", "4a", "==", "")
	f.Fuzz(func(t *testing.T, text, wait, count, level, password string) {
		password = "=" + password + "="
		for name, value := range map[string]string{"TEXT": text, "WAIT": wait, "COUNT": count, "LEVEL": level, "SECRET": password} {
			if strings.Contains(value, "\x00") {
				t.Skip("no environment holds that")
			}
			t.Setenv("SOUK_TEST_"+name, value)
		}
		secretElsewhere := strings.Contains(wait+"\n"+count+"\n"+level, password)
		var s everything
		if err := config.Load(&s); err != nil {
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), password) && !secretElsewhere {
				t.Errorf("error %q", err)
			}
			return
		}
		if s.Text != text || string(s.Secret) != password {
			t.Errorf("%q and %q were read as %q and %q", text, password, s.Text, string(s.Secret))
		}
	})
}
