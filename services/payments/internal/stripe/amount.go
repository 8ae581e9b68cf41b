package stripe

import (
	"fmt"
	"slices"

	"souk/platform/money"
)

// How many decimals Stripe's amounts have, where not two (https://docs.stripe.com/currencies#minor-units). ISK and UGX
// have none in ISO 4217, but two here.
var (
	zeroDecimals = []string{
		"BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
	}
	threeDecimals = []string{"BHD", "JOD", "KWD", "OMR", "TND"}
)

// shift returns how many decimals more than ours Stripe's amounts in a currency have.
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

// toStripe returns an amount as Stripe counts it, or an error if it cannot.
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

// fromStripe returns an amount of Stripe's as we count it, without what is less than our least.
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
