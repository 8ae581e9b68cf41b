package money_test

import (
	"errors"
	"math"
	"testing"

	"souk/platform/money"
)

func TestParse(t *testing.T) {
	t.Parallel()
	tests := []struct {
		decimal, currency string
		want              int64
		err               error
	}{
		{"19.99", "GBP", 1999, nil},
		{"50", "GBP", 5000, nil},
		{"2.5", "GBP", 250, nil},
		{"2.500", "GBP", 250, nil},
		{"0", "GBP", 0, nil},
		{"500", "JPY", 500, nil},
		{"1.234", "KWD", 1234, nil},
		{"2.505", "GBP", 0, money.ErrMalformed},
		{"1.5", "JPY", 0, money.ErrMalformed},
		{"-1", "GBP", 0, money.ErrMalformed},
		{"", "GBP", 0, money.ErrMalformed},
		{".5", "GBP", 0, money.ErrMalformed},
		{"1,000", "GBP", 0, money.ErrMalformed},
		{"1e3", "GBP", 0, money.ErrMalformed},
		{"92233720368547758.08", "GBP", 0, money.ErrOverflow},
		{"1", "XYZ", 0, money.ErrUnknownCurrency},
		{"1", "gbp", 0, money.ErrUnknownCurrency},
	}
	for _, test := range tests {
		got, err := money.Parse(test.decimal, test.currency)
		if !errors.Is(err, test.err) || got.Amount != test.want {
			t.Errorf("Parse(%q, %q) = %v, %v; want %d, %v", test.decimal, test.currency, got, err, test.want, test.err)
		}
	}
}

func TestStringWritesTheDecimalsOfTheCurrency(t *testing.T) {
	t.Parallel()
	for want, m := range map[string]money.Money{
		"19.99 GBP": money.New(1999, "GBP"),
		"0.05 GBP":  money.New(5, "GBP"),
		"-0.05 GBP": money.New(-5, "GBP"),
		"500 JPY":   money.New(500, "JPY"),
		"1.234 KWD": money.New(1234, "KWD"),
	} {
		if got := m.String(); got != want {
			t.Errorf("String() = %q, want %q", got, want)
		}
	}
}

func TestArithmeticRefusesOverflowAndMixedCurrencies(t *testing.T) {
	t.Parallel()
	most := money.New(math.MaxInt64, "GBP")
	if _, err := most.Add(money.New(1, "GBP")); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("max + 1: err = %v, want ErrOverflow", err)
	}
	if _, err := money.New(math.MinInt64, "GBP").Add(money.New(-1, "GBP")); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("min - 1: err = %v, want ErrOverflow", err)
	}
	if _, err := most.Times(2); !errors.Is(err, money.ErrOverflow) {
		t.Errorf("max × 2: err = %v, want ErrOverflow", err)
	}
	if _, err := most.Add(money.New(1, "EUR")); !errors.Is(err, money.ErrCurrencyMismatch) {
		t.Errorf("GBP + EUR: err = %v, want ErrCurrencyMismatch", err)
	}
	if got, err := money.New(-250, "GBP").Times(3); err != nil || got.Amount != -750 {
		t.Errorf("-2.50 × 3 = %v, %v; want -7.50", got, err)
	}
}
