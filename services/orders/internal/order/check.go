package order

import (
	"regexp"

	"souk/platform/field"
	"souk/platform/money"
)

// MaxID is the most characters of an id in a request.
const MaxID = 100

var currencyCode = regexp.MustCompile(`^[A-Z]{3}$`)

// CheckCurrency records a violation of the field called name unless m has a currency as ISO 4217 writes it.
func CheckCurrency(c *field.Checker, name string, m money.Money) {
	c.Check(currencyCode.MatchString(m.Currency), name, "must have an ISO 4217 currency")
}
