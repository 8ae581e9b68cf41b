package stripe

import (
	"testing"

	"souk/platform/money"
)

func TestAmountsAreConvertedToStripesUnits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		ours   money.Money
		theirs int64
	}{
		{money.New(1999, "GBP"), 1999},
		{money.New(500, "JPY"), 500},
		{money.New(5120, "KWD"), 5120},
		{money.New(5, "ISK"), 500},
		{money.New(5, "UGX"), 500},
	} {
		got, err := toStripe(test.ours)
		if err != nil || got != test.theirs {
			t.Errorf("%v at Stripe = %d, %v; want %d", test.ours, got, err, test.theirs)
		}
		if back := fromStripe(got, test.ours.Currency); back != test.ours {
			t.Errorf("%v comes back as %v", test.ours, back)
		}
	}
	if _, err := toStripe(money.New(1, "XXQ")); err == nil {
		t.Error("no error for a currency that is none")
	}
}
