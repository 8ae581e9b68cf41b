package money_test

import (
	"errors"
	"strings"
	"testing"

	"souk/platform/money"
)

// FuzzParse checks that a parsed amount is the written one, apart from redundant zeros, and that its text form can be parsed
// again.
func FuzzParse(f *testing.F) {
	for _, seed := range [][2]string{
		{"19.99", "GBP"}, {"500", "JPY"}, {"1.005", "KWD"}, {"19.999", "GBP"}, {"92233720368547758.08", "GBP"}, {"-1", "GBP"},
		{"1e3", "GBP"}, {".5", "GBP"}, {"5.", "GBP"}, {"1.2.3", "GBP"}, {"1", "gbp"}, {"1", ""}, {"١", "GBP"}, {"1_000", "GBP"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, decimal, currency string) {
		m, err := money.Parse(decimal, currency)
		if err != nil {
			if !errors.Is(err, money.ErrMalformed) && !errors.Is(err, money.ErrOverflow) && !errors.Is(err, money.ErrUnknownCurrency) {
				t.Errorf("%q %q: %v", decimal, currency, err)
			}
			return
		}
		written, _, _ := strings.Cut(m.String(), " ")
		again, err := money.Parse(written, currency)
		if err != nil || again != m || m.Amount < 0 || m.Currency != currency {
			t.Errorf("%q %q is %v, which reads as %v (%v)", decimal, currency, m, again, err)
		}
		if plain(written) != plain(decimal) {
			t.Errorf("%q %q is %v", decimal, currency, m)
		}
	})
}

// plain returns a decimal without redundant zeros.
func plain(decimal string) string {
	whole, fraction, _ := strings.Cut(decimal, ".")
	return strings.TrimLeft(whole, "0") + "." + strings.TrimRight(fraction, "0")
}
