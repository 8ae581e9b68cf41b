package config_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"souk/platform/config"
)

type settings struct {
	Name  string        `env:"TEST_NAME,required"`
	Wait  time.Duration `env:"TEST_WAIT" envDefault:"5s"`
	Limit int           `env:"TEST_LIMIT"`
}

func (s *settings) Validate() error {
	if s.Limit < 0 {
		return errors.New("SOUK_TEST_LIMIT must not be negative")
	}
	return nil
}

func TestLoadReadsPrefixedVariablesAndDefaults(t *testing.T) {
	t.Setenv("SOUK_TEST_NAME", "orders")
	var s settings
	if err := config.Load(&s); err != nil {
		t.Fatal(err)
	}
	if s.Name != "orders" || s.Wait != 5*time.Second {
		t.Errorf("Load filled %+v", s)
	}
}

func TestLoadNamesWhatIsWrongInOneLine(t *testing.T) {
	t.Setenv("SOUK_TEST_WAIT", "soon")
	var s settings
	err := config.Load(&s)
	if err == nil {
		t.Fatal("Load accepted a bad duration and a missing name")
	}
	for _, want := range []string{"SOUK_TEST_NAME", `SOUK_TEST_WAIT: "soon" is no time.Duration`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not name %s", err, want)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("error %q is more than one line", err)
	}
}

func TestLoadValidates(t *testing.T) {
	t.Setenv("SOUK_TEST_NAME", "orders")
	t.Setenv("SOUK_TEST_LIMIT", "-1")
	var s settings
	if err := config.Load(&s); err == nil || !strings.Contains(err.Error(), "SOUK_TEST_LIMIT") {
		t.Errorf("Load() = %v, want an error that names SOUK_TEST_LIMIT", err)
	}
}
