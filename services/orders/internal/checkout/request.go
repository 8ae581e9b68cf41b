package checkout

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"souk/platform/field"
	"souk/platform/idempotency"
	"souk/platform/identifier"
	"souk/platform/money"
	"souk/platform/postal"

	"souk/services/orders/internal/order"
)

// PlaceRequest asks for a cart to become an order.
type PlaceRequest struct {
	// CustomerID is empty for a guest, who has a GuestEmail.
	CustomerID     string
	GuestEmail     string
	IdempotencyKey string
	// RequestID names the HTTP request.
	RequestID string
	// Retried tells that the gateway makes this call again, because it got no answer to the one before.
	Retried bool

	CartID string
	// One of AddressID and ShippingAddress.
	AddressID       string
	ShippingAddress *order.Address
	ShippingOption  string
	PaymentMethod   string
	// ExpectedTotal is the total that the client has shown, or nil.
	ExpectedTotal *money.Money
}

// The most characters of a payment method. Stripe wants room for 255 in an id: https://docs.stripe.com/upgrades
const maxPaymentMethod = 255

// Validate returns a *field.Error that names each invalid field as in the REST API.
func (r PlaceRequest) Validate() error {
	var c field.Checker
	idempotency.CheckKey(&c, "Idempotency-Key", r.IdempotencyKey)
	c.CheckLine("cart_id", r.CartID, true, order.MaxID)
	c.CheckLine("shipping_option", r.ShippingOption, true, order.MaxID)
	// Only the payment provider knows what its payment methods look like.
	c.CheckLine("payment_method", r.PaymentMethod, true, maxPaymentMethod)
	r.checkGuest(&c)
	switch {
	case r.CustomerID == "" && r.AddressID != "":
		c.Check(false, "address_id", "needs an account; send a shipping_address")
	case r.ShippingAddress != nil && r.AddressID != "":
		c.Check(false, "address_id", "cannot be combined with shipping_address")
	case r.ShippingAddress != nil:
		postal.Address(*r.ShippingAddress).Check(&c, "shipping_address.")
	default:
		c.Check(r.AddressID != "", "address_id", "or shipping_address is required")
		c.CheckLine("address_id", r.AddressID, false, order.MaxID)
	}
	if r.ExpectedTotal != nil {
		c.Check(r.ExpectedTotal.Amount >= 0, "expected_total", "must not be negative")
		order.CheckCurrency(&c, "expected_total", *r.ExpectedTotal)
	}
	return c.Err()
}

// checkGuest records a violation unless the request has either a customer or an e-mail address.
func (r PlaceRequest) checkGuest(c *field.Checker) {
	_, ok := identifier.CanonicalEmail(r.GuestEmail)
	switch {
	case r.CustomerID != "":
		c.Check(r.GuestEmail == "", "email", "is for those without an account")
	case r.GuestEmail == "":
		c.Check(false, "email", "is required without an account")
	default:
		c.Check(ok, "email", "is not an e-mail address")
	}
}

// PlaceMethod is the RPC that places orders. It is the scope of their idempotency keys.
const PlaceMethod = "/souk.orders.v1.OrdersService/PlaceOrder"

// key is the request as a use of its idempotency key.
func (r PlaceRequest) key() idempotency.Request {
	return idempotency.Request{
		Caller: r.caller(), Method: PlaceMethod, Key: r.IdempotencyKey, Fingerprint: r.Fingerprint(),
		RequestID: r.RequestID, Retried: r.Retried,
	}
}

// caller names whose key it is. Guests are told apart by their carts, whose ids nobody else knows.
func (r PlaceRequest) caller() string {
	if r.CustomerID != "" {
		return r.CustomerID
	}
	return "guest " + r.CartID
}

// Fingerprint is a digest of the request, by which different requests with the same idempotency key are told apart.
func (r PlaceRequest) Fingerprint() []byte {
	what := []any{r.CartID, r.AddressID, r.ShippingAddress, r.ShippingOption, r.PaymentMethod, r.ExpectedTotal}
	if r.GuestEmail != "" {
		what = append(what, r.GuestEmail)
	}
	content, err := json.Marshal(what)
	if err != nil {
		panic(fmt.Sprintf("fingerprint: %v", err)) // strings and numbers always marshal
	}
	sum := sha256.Sum256(content)
	return sum[:]
}
