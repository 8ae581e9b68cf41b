package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"souk/platform/config"
	"souk/platform/secret"
)

const canary = "canary-7f3a"

type database struct {
	URL      secret.URL  `env:"URL,required"`
	Password secret.Text `env:"PASSWORD" envDefault:"none"`
	Conns    int         `env:"CONNS"`
}

type fileSettings struct {
	Database database `envPrefix:"TEST_DATABASE_"`
}

// file writes a file and returns its path.
func file(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "value")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnySettingMayBeInAFile(t *testing.T) {
	t.Setenv("SOUK_TEST_DATABASE_URL_FILE", file(t, "postgres://db/orders\n"))
	t.Setenv("SOUK_TEST_DATABASE_PASSWORD_FILE", file(t, canary+"\n\n"))
	t.Setenv("SOUK_TEST_DATABASE_CONNS_FILE", file(t, "7"))
	var s fileSettings
	if err := config.Load(&s); err != nil {
		t.Fatal(err)
	}
	want := database{URL: "postgres://db/orders", Password: canary + "\n", Conns: 7}
	if s.Database != want {
		t.Errorf("Load filled %q, %q, %d", string(s.Database.URL), string(s.Database.Password), s.Database.Conns)
	}
}

func TestAnEmptyVariableIsOneThatWasNotGiven(t *testing.T) {
	t.Setenv("SOUK_TEST_DATABASE_URL", "")
	t.Setenv("SOUK_TEST_DATABASE_URL_FILE", file(t, "postgres://db/orders"))
	t.Setenv("SOUK_TEST_DATABASE_PASSWORD_FILE", "")
	var s fileSettings
	if err := config.Load(&s); err != nil {
		t.Fatal(err)
	}
	if s.Database.URL != "postgres://db/orders" || s.Database.Password != "none" {
		t.Errorf("Load filled %q, %q", string(s.Database.URL), string(s.Database.Password))
	}
}

func TestErrorsNameVariablesAndNeverShowASecret(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for name, test := range map[string]struct {
		environment map[string]string
		want        []string
	}{
		"given twice": {
			map[string]string{"URL": canary, "URL_FILE": file(t, canary)},
			[]string{"SOUK_TEST_DATABASE_URL and SOUK_TEST_DATABASE_URL_FILE are both set"},
		},
		"no such file": {
			map[string]string{"URL_FILE": missing, "PASSWORD": canary},
			[]string{"SOUK_TEST_DATABASE_URL_FILE: open " + missing},
		},
		"several": {
			map[string]string{"URL_FILE": missing, "PASSWORD": canary, "PASSWORD_FILE": file(t, canary)},
			[]string{"SOUK_TEST_DATABASE_URL_FILE", "SOUK_TEST_DATABASE_PASSWORD_FILE"},
		},
		"no number in a file": {
			map[string]string{"URL": canary, "CONNS_FILE": file(t, "many\n")},
			[]string{`SOUK_TEST_DATABASE_CONNS: "many" is no int`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			for key, value := range test.environment {
				t.Setenv("SOUK_TEST_DATABASE_"+key, value)
			}
			err := config.Load(&fileSettings{})
			if err == nil {
				t.Fatal("Load accepted it")
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %s", err, want)
				}
			}
			if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q shows a secret, or is more than one line", err)
			}
		})
	}
}
