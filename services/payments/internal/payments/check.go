package payments

import (
	"fmt"

	"souk/platform/field"
	"souk/platform/money"
)

// The maximum length of a payment method, in characters. Stripe recommends 255: https://docs.stripe.com/upgrades
const maxMethod = 255

// checkAuthorize returns the order ID in the form that is stored, or a *field.Error.
func checkAuthorize(orderID string, amount money.Money, methodName string) (string, error) {
	var check field.Checker
	id := check.CheckID("order_id", orderID)
	checkAmount(&check, amount)
	check.CheckLine("payment_method", methodName, true, maxMethod) // only the provider knows the valid ones
	return id, check.Err()
}

// checkRefund returns the refund ID in the form that is stored, or a *field.Error.
func checkRefund(refundID string, amount money.Money) (string, error) {
	var check field.Checker
	id := check.CheckID("refund_id", refundID)
	checkAmount(&check, amount)
	return id, check.Err()
}

func checkAmount(check *field.Checker, amount money.Money) {
	check.Check(amount.Amount > 0 && amount.Amount <= maxAmount, "amount", fmt.Sprintf("must be 1 to %d", maxAmount))
	_, err := money.Exponent(amount.Currency)
	check.Check(err == nil, "currency", "is not an ISO 4217 code")
}
