package orders

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"souk/platform/country"
	"souk/platform/field"
	"souk/platform/money"
)

// PlaceRequest asks for a cart to become an order.
type PlaceRequest struct {
	CustomerID     string
	IdempotencyKey string
	// RequestID names the HTTP request; it is no part of what is asked for.
	RequestID string
	// Retried tells that our caller makes this call again, because it got no answer to the one before.
	Retried bool

	CartID string
	// One of AddressID and ShippingAddress.
	AddressID       string
	ShippingAddress *Address
	ShippingOption  string
	PaymentMethod   string
	// ExpectedTotal is what the client believes the total is, or nil.
	ExpectedTotal *money.Money
}

// Lengths in characters.
const (
	maxKey        = 255
	maxID         = 100
	maxAddress    = 200
	maxPostalCode = 20
)

var (
	paymentMethod = regexp.MustCompile(`^pm_[a-z0-9_]{1,60}$`)
	currencyCode  = regexp.MustCompile(`^[A-Z]{3}$`)
)

// Validate returns a *field.Error that names each invalid field as in the REST API.
func (r PlaceRequest) Validate() error {
	var c field.Checker
	checkText(&c, "idempotency_key", r.IdempotencyKey, 1, maxKey)
	checkText(&c, "cart_id", r.CartID, 1, maxID)
	checkText(&c, "shipping_option", r.ShippingOption, 1, maxID)
	c.Check(paymentMethod.MatchString(r.PaymentMethod), "payment_method", "must look like pm_card_visa")
	switch {
	case r.ShippingAddress != nil && r.AddressID != "":
		c.Check(false, "address_id", "cannot be combined with shipping_address")
	case r.ShippingAddress != nil:
		r.ShippingAddress.check(&c)
	default:
		c.Check(r.AddressID != "", "address_id", "or shipping_address is required")
		checkText(&c, "address_id", r.AddressID, 0, maxID)
	}
	if r.ExpectedTotal != nil {
		c.Check(r.ExpectedTotal.Amount >= 0, "expected_total", "must not be negative")
		c.Check(currencyCode.MatchString(r.ExpectedTotal.Currency), "expected_total", "must have an ISO 4217 currency")
	}
	return c.Err()
}

func (a Address) check(c *field.Checker) {
	for _, f := range []struct {
		name, value string
		least, most int
	}{
		{"name", a.Name, 1, maxAddress},
		{"line1", a.Line1, 1, maxAddress},
		{"line2", a.Line2, 0, maxAddress},
		{"city", a.City, 1, maxAddress},
		{"region", a.Region, 0, maxAddress},
		{"postal_code", a.PostalCode, 1, maxPostalCode},
	} {
		checkText(c, "shipping_address."+f.name, f.value, f.least, f.most)
	}
	c.Check(country.Valid(a.Country), "shipping_address.country", "must be a country code of ISO 3166-1 alpha-2")
}

// checkText checks the length of a line of text, in characters, and that it is one: control characters
// have no place in it, and PostgreSQL refuses some of them.
func checkText(c *field.Checker, name, value string, least, most int) {
	length := utf8.RuneCountInString(value)
	switch {
	case !utf8.ValidString(value):
		c.Check(false, name, "must be UTF-8")
	case least > 0 && strings.TrimSpace(value) == "":
		c.Check(false, name, "is required")
	case length > most:
		c.Check(false, name, fmt.Sprintf("must have at most %d characters", most))
	default:
		c.Check(!strings.ContainsFunc(value, unicode.IsControl), name, "must not contain control characters")
	}
}

// Fingerprint tells requests apart that come with the same idempotency key.
func (r PlaceRequest) Fingerprint() []byte {
	content, err := json.Marshal([]any{r.CartID, r.AddressID, r.ShippingAddress, r.ShippingOption, r.PaymentMethod, r.ExpectedTotal})
	if err != nil {
		panic(fmt.Sprintf("fingerprint: %v", err)) // strings and numbers always marshal
	}
	sum := sha256.Sum256(content)
	return sum[:]
}
