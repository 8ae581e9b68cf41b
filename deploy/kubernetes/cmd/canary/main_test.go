package main

import (
	"strings"
	"testing"
)

func TestWrongArgumentsAreNamed(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		`-service is "", want one of catalog`: {"-image", "souk-orders:2"},
		`-service is "order"`:                 {"-service", "order", "-image", "souk-orders:2"},
		"-image is missing":                   {"-service", "gateway"},
		"-duration is 10s, want 30s at least": {"-service", "orders", "-image", "souk-orders:2", "-duration", "10s"},
		"-startup is 0s":                      {"-service", "orders", "-image", "souk-orders:2", "-startup", "0s"},
		"-calls is 0":                         {"-service", "orders", "-image", "souk-orders:2", "-calls", "0"},
		`unknown argument "now"`:              {"-service", "orders", "-image", "souk-orders:2", "now"},
	} {
		if err := command(t.Context(), args); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", args, err, want)
		}
	}
}
