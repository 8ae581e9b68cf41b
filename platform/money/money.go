// Package money represents amounts of money as whole minor units with a currency, never as floats.
package money

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/text/currency"
)

var (
	// ErrOverflow is returned if a result does not fit into 64 bits.
	ErrOverflow = errors.New("amount is too large")
	// ErrCurrencyMismatch is returned if two currencies are mixed.
	ErrCurrencyMismatch = errors.New("currencies differ")
	// ErrUnknownCurrency is returned for a code that is not in ISO 4217.
	ErrUnknownCurrency = errors.New("unknown currency")
	// ErrMalformed is returned for text that is not a valid amount in its currency.
	ErrMalformed = errors.New("malformed amount")
)

// Money is an amount in the minor units of its currency (pence for GBP, yen for JPY, fils for KWD).
type Money struct {
	Amount int64
	// Currency is an ISO 4217 code.
	Currency string
}

// New returns an amount of minor units of currency.
func New(amount int64, currency string) Money {
	return Money{Amount: amount, Currency: currency}
}

// Add returns m + o, or ErrCurrencyMismatch or ErrOverflow.
func (m Money) Add(o Money) (Money, error) {
	if m.Currency != o.Currency {
		return Money{}, fmt.Errorf("%w: %s and %s", ErrCurrencyMismatch, m.Currency, o.Currency)
	}
	sum := m.Amount + o.Amount
	if (sum > m.Amount) != (o.Amount > 0) && o.Amount != 0 {
		return Money{}, ErrOverflow
	}
	return Money{Amount: sum, Currency: m.Currency}, nil
}

// Times returns m × n, or ErrOverflow.
func (m Money) Times(n int64) (Money, error) {
	high, low := bits.Mul64(magnitude(m.Amount), magnitude(n))
	if high != 0 || low > math.MaxInt64 {
		return Money{}, ErrOverflow
	}
	product := int64(low)
	if (m.Amount < 0) != (n < 0) {
		product = -product
	}
	return Money{Amount: product, Currency: m.Currency}, nil
}

func magnitude(n int64) uint64 {
	if n < 0 {
		return -uint64(n)
	}
	return uint64(n)
}

// String formats m with the decimals of its currency: "19.99 GBP", "500 JPY".
func (m Money) String() string {
	digits, err := Exponent(m.Currency)
	if err != nil || digits == 0 {
		return fmt.Sprintf("%d %s", m.Amount, m.Currency)
	}
	sign, amount := "", magnitude(m.Amount)
	if m.Amount < 0 {
		sign = "-"
	}
	text := fmt.Sprintf("%0*d", digits+1, amount)
	cut := len(text) - digits
	return sign + text[:cut] + "." + text[cut:] + " " + m.Currency
}

// Exponent returns the number of decimals of a currency: 2 for GBP, 0 for JPY, 3 for KWD (ISO 4217). It returns
// ErrUnknownCurrency for an unknown code.
func Exponent(code string) (int, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || unit.String() != code {
		return 0, fmt.Errorf("%w: %q", ErrUnknownCurrency, code)
	}
	digits, _ := currency.Standard.Rounding(unit)
	return digits, nil
}

// Parse parses a non-negative decimal amount, such as "19.99" or "500". It returns ErrMalformed, ErrOverflow or
// ErrUnknownCurrency; "19.999" is malformed in GBP.
func Parse(decimal, code string) (Money, error) {
	digits, err := Exponent(code)
	if err != nil {
		return Money{}, err
	}
	whole, fraction, _ := strings.Cut(decimal, ".")
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > digits {
		return Money{}, fmt.Errorf("%w: %q has more than %d decimals", ErrMalformed, decimal, digits)
	}
	if !onlyDigits(whole) || whole == "" || !onlyDigits(fraction) {
		return Money{}, fmt.Errorf("%w: %q", ErrMalformed, decimal)
	}
	amount, err := strconv.ParseInt(whole+fraction+strings.Repeat("0", digits-len(fraction)), 10, 64)
	if err != nil {
		return Money{}, fmt.Errorf("%w: %q", ErrOverflow, decimal)
	}
	return New(amount, code), nil
}

func onlyDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}
