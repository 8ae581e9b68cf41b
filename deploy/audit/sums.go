package audit

import (
	"maps"
	"slices"
	"strings"

	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/money"
)

// The unit of pieces of any SKU.
const pieces = "pieces"

// Sums maps units to amounts: minor units of a currency, pieces, or pieces of a SKU. It contains no zero amounts, so that zero
// in one currency equals zero in another.
type Sums map[string]int64

// add adds an amount and returns the sums. The zero value of Sums is ready for use.
func (s Sums) add(amount int64, unit string) Sums {
	if s == nil {
		s = Sums{}
	}
	if s[unit] += amount; s[unit] == 0 {
		delete(s, unit)
	}
	return s
}

// plus returns the sums with others added.
func (s Sums) plus(others ...Sums) Sums {
	sum := maps.Clone(s)
	for _, other := range others {
		for unit, amount := range other {
			sum = sum.add(amount, unit)
		}
	}
	return sum
}

// minus returns the sums with other subtracted.
func (s Sums) minus(other Sums) Sums {
	difference := maps.Clone(s)
	for unit, amount := range other {
		difference = difference.add(-amount, unit)
	}
	return difference
}

// total adds up all units.
func (s Sums) total() int64 {
	var sum int64
	for _, amount := range s {
		sum += amount
	}
	return sum
}

// of returns the sum of amounts of money.
func of(amounts ...*moneyv1.Money) Sums {
	var s Sums
	for _, m := range amounts {
		s = s.add(m.GetAmount(), m.GetCurrency())
	}
	return s
}

// count returns a number of pieces as sums.
func count(amount int64) Sums {
	return Sums(nil).add(amount, pieces)
}

func (s Sums) equal(other Sums) bool {
	return maps.Equal(s, other)
}

// String writes the sums in the order of their units, as "1.50 EUR, 19.99 GBP".
func (s Sums) String() string {
	if len(s) == 0 {
		return "0"
	}
	var parts []string
	for _, unit := range slices.Sorted(maps.Keys(s)) {
		parts = append(parts, money.New(s[unit], unit).String())
	}
	return strings.Join(parts, ", ")
}
