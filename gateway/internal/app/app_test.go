package app

import "testing"

func TestTheShopSellsInAnyCurrencyOfISO4217(t *testing.T) {
	t.Parallel()
	for currency, ok := range map[string]bool{"GBP": true, "JPY": true, "KWD": true, "": false, "jpy": false, "YEN": false} {
		cfg := Config{Currency: currency, RateLimits: "on"}
		if err := cfg.Validate(); (err == nil) != ok {
			t.Errorf("%q: %v", currency, err)
		}
	}
}
