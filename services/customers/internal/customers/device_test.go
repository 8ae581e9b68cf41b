package customers

import (
	"strings"
	"testing"
)

func TestADeviceIsOneVisibleLine(t *testing.T) {
	t.Parallel()
	const firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
	for given, want := range map[string]string{
		"":                                   "",
		firefox:                              firefox,
		"  curl/8.5.0\t\r\nX-Evil: 1 \u00a0": "curl/8.5.0 X-Evil: 1",
		"a\x00b\x1b[31mc\u202ed\u200be\xff":  "ab[31mcde",
		"Café/1":                             "Café/1",
		strings.Repeat("é", 201):             strings.Repeat("é", 200),
		strings.Repeat("a", 199) + " b":      strings.Repeat("a", 199),
	} {
		if got := deviceOf(given); got != want {
			t.Errorf("%q: %q, want %q", given, got, want)
		}
	}
}

func TestAKindOfDeviceIsAProgramOnASystem(t *testing.T) {
	t.Parallel()
	const webkit = "AppleWebKit/605.1.15 (KHTML, like Gecko) "
	for device, want := range map[string]string{
		"Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0":                                     "Firefox on Linux",
		"Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0":                                     "Firefox on Linux",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/140.0.0.0 Safari/537.36":                     "Chrome on Windows",
		"Mozilla/5.0 (Windows NT 10.0; Win64; x64) " + webkit + "Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0":       "Edge on Windows",
		"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) " + webkit + "Version/18.6 Safari/605.1.15":                 "Safari on macOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) " + webkit + "Version/18.6 Mobile/15E148 Safari/604": "Safari on iOS",
		"Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) " + webkit + "CriOS/140.0 Mobile/15E148 Safari/604":  "Chrome on iOS",
		"Mozilla/5.0 (Linux; Android 15; Pixel 9) " + webkit + "Chrome/140.0.0.0 Mobile Safari/537.36":               "Chrome on Android",
		"curl/8.5.0": "an unknown program on an unknown system",
		"":           "an unknown program on an unknown system",
	} {
		if got := kindOf(device); got != want {
			t.Errorf("%q: %q, want %q", device, got, want)
		}
	}
}
