package postal_test

import (
	"testing"

	"souk/platform/postal"
)

func TestValidCountry(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"GB", "IE", "DE", "JP", "US", "AU", "NO"} {
		if !postal.ValidCountry(code) {
			t.Errorf("%s is not valid", code)
		}
	}
	for _, code := range []string{"", "G", "UK", "gb", "EU", "ZZ", "GBR", "826", "AA", "--", "G B"} {
		if postal.ValidCountry(code) {
			t.Errorf("%q is valid", code)
		}
	}
}
