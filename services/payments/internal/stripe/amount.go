package stripe

import (
	"fmt"
	"slices"

	"souk/platform/money"
)

// The number of decimals in Stripe's amounts, where it is not two (https://docs.stripe.com/currencies#minor-units). ISK and UGX
// have no decimals in ISO 4217, but two at Stripe.
var (
	zeroDecimals = []string{
		"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
	}
	threeDecimals = []string{"BHD", "JOD", "KWD", "OMR", "TND"}
)

// shift returns by how many decimals Stripe's amounts exceed the shop's.
func shift(currency string) (int, error) {
	ours, err := money.Exponent(currency)
	if err != nil {
		return 0, err
	}
	theirs := 2
	switch {
	case slices.Contains(zeroDecimals, currency):
		theirs = 0
	case slices.Contains(threeDecimals, currency):
		theirs = 3
	}
	return theirs - ours, nil
}

// toStripe converts an amount to Stripe's unit. It returns an error if that is impossible.
func toStripe(m money.Money) (int64, error) {
	digits, err := shift(m.Currency)
	if err != nil {
		return 0, err
	}
	for ; digits > 0; digits-- {
		if m, err = m.Times(10); err != nil {
			return 0, err
		}
	}
	for ; digits < 0; digits++ {
		if m.Amount%10 != 0 {
			return 0, fmt.Errorf("stripe has fewer decimals in %s", m.Currency)
		}
		m.Amount /= 10
	}
	return m.Amount, nil
}

// fromStripe converts an amount from Stripe's unit. It drops fractions of the shop's minor unit.
func fromStripe(amount int64, currency string) money.Money {
	digits, err := shift(currency)
	if err != nil {
		return money.New(amount, currency)
	}
	for ; digits > 0; digits-- {
		amount /= 10
	}
	for ; digits < 0; digits++ {
		amount *= 10
	}
	return money.New(amount, currency)
}
