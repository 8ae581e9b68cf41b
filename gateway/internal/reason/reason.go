// Package reason is responsible for what the REST contract answers for each reason of the services' errors.
package reason

import (
	"net/http"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway/internal/api"
	"souk/platform/rpc"
)

// Answer is what the REST contract answers for a reason.
type Answer struct {
	Status int
	Code   api.ProblemCode
	// Field is the field of the request that is to blame; empty when none is.
	Field string
}

// Answers has the reasons that reach the gateway.
var Answers = map[rpc.ErrorReason]Answer{
	errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED:       {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed},
	errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR:              {Status: http.StatusBadRequest, Code: api.ProblemCodeInvalidRequest},
	errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_KEY_REUSED:  {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeIdempotencyKeyReused},
	errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_IN_PROGRESS: {Status: http.StatusConflict, Code: api.ProblemCodeIdempotencyInProgress},
	errorsv1.ErrorReason_ERROR_REASON_OVERLOADED:              {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},

	cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND: {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	// No field of the request is to blame for what has no room for one more.
	cartsv1.ErrorReason_ERROR_REASON_CART_FULL: {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed},

	catalogv1.ErrorReason_ERROR_REASON_PRODUCT_NOT_FOUND: {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	catalogv1.ErrorReason_ERROR_REASON_VERSION_MISMATCH:  {Status: http.StatusPreconditionFailed, Code: api.ProblemCodePreconditionFailed},
	catalogv1.ErrorReason_ERROR_REASON_SLUG_TAKEN:        {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed, Field: "slug"},
	catalogv1.ErrorReason_ERROR_REASON_SKU_TAKEN:         {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed, Field: "variants"},

	customersv1.ErrorReason_ERROR_REASON_EMAIL_TAKEN:             {Status: http.StatusConflict, Code: api.ProblemCodeEmailTaken},
	customersv1.ErrorReason_ERROR_REASON_INVALID_CREDENTIALS:     {Status: http.StatusUnauthorized, Code: api.ProblemCodeInvalidCredentials},
	customersv1.ErrorReason_ERROR_REASON_INVALID_REFRESH_TOKEN:   {Status: http.StatusUnauthorized, Code: api.ProblemCodeInvalidRefreshToken},
	customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND:       {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_REQUIRED:  {Status: http.StatusUnauthorized, Code: api.ProblemCodeSecondFactorRequired},
	customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_ACTIVE:    {Status: http.StatusConflict, Code: api.ProblemCodeSecondFactorActive},
	customersv1.ErrorReason_ERROR_REASON_SECOND_FACTOR_NOT_FOUND: {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND:       {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_TOO_MANY_ADDRESSES:      {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed},
	customersv1.ErrorReason_ERROR_REASON_STAFF_ACCOUNT:           {Status: http.StatusConflict, Code: api.ProblemCodeStaffAccount},
	customersv1.ErrorReason_ERROR_REASON_BUSY:                    {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	customersv1.ErrorReason_ERROR_REASON_CUSTOMER_CONTENDED:      {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	customersv1.ErrorReason_ERROR_REASON_INVALID_MAIL_TOKEN:      {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeInvalidMailToken},
	customersv1.ErrorReason_ERROR_REASON_CUSTOMER_NOT_FOUND:      {Status: http.StatusUnauthorized, Code: api.ProblemCodeUnauthenticated},
	customersv1.ErrorReason_ERROR_REASON_PROVIDER_NOT_FOUND:      {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_INVALID_SIGN_IN_CODE:    {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeInvalidSignInCode},
	customersv1.ErrorReason_ERROR_REASON_LINK_REQUIRED:           {Status: http.StatusConflict, Code: api.ProblemCodeLinkRequired},
	customersv1.ErrorReason_ERROR_REASON_LINK_REFUSED:            {Status: http.StatusConflict, Code: api.ProblemCodeLinkRefused},
	customersv1.ErrorReason_ERROR_REASON_IDENTITY_NOT_FOUND:      {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_LAST_SIGN_IN:            {Status: http.StatusConflict, Code: api.ProblemCodeLastSignIn},
	customersv1.ErrorReason_ERROR_REASON_NO_EMAIL:                {Status: http.StatusConflict, Code: api.ProblemCodeNoEmail},
	customersv1.ErrorReason_ERROR_REASON_STAFF_NOT_FOUND:         {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	customersv1.ErrorReason_ERROR_REASON_LAST_OWNER:              {Status: http.StatusConflict, Code: api.ProblemCodeLastOwner},
	customersv1.ErrorReason_ERROR_REASON_INVALID_CLIENT:          {Status: http.StatusUnauthorized, Code: api.ProblemCodeUnauthenticated},
	customersv1.ErrorReason_ERROR_REASON_INVALID_SCOPE:           {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed, Field: "scope"},
	customersv1.ErrorReason_ERROR_REASON_SCOPE_NOT_HELD:          {Status: http.StatusForbidden, Code: api.ProblemCodeForbidden},
	customersv1.ErrorReason_ERROR_REASON_CLIENT_NOT_FOUND:        {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},

	inventoryv1.ErrorReason_ERROR_REASON_INSUFFICIENT_STOCK: {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeValidationFailed, Field: "delta"},

	ordersv1.ErrorReason_ERROR_REASON_UNAVAILABLE:          {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND:      {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	ordersv1.ErrorReason_ERROR_REASON_CART_EMPTY:           {Status: http.StatusConflict, Code: api.ProblemCodeCartEmpty},
	ordersv1.ErrorReason_ERROR_REASON_CART_BEING_ORDERED:   {Status: http.StatusConflict, Code: api.ProblemCodeCartBeingOrdered},
	ordersv1.ErrorReason_ERROR_REASON_PRICE_CHANGED:        {Status: http.StatusConflict, Code: api.ProblemCodePriceChanged},
	ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK:         {Status: http.StatusConflict, Code: api.ProblemCodeOutOfStock},
	ordersv1.ErrorReason_ERROR_REASON_NOT_CANCELLABLE:      {Status: http.StatusConflict, Code: api.ProblemCodeNotCancellable},
	ordersv1.ErrorReason_ERROR_REASON_NOT_DISPATCHABLE:     {Status: http.StatusConflict, Code: api.ProblemCodeNotDispatchable},
	ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE:       {Status: http.StatusConflict, Code: api.ProblemCodeNotReturnable},
	ordersv1.ErrorReason_ERROR_REASON_RETURN_NOT_FOUND:     {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND:     {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	ordersv1.ErrorReason_ERROR_REASON_INVALID_LOOKUP_TOKEN: {Status: http.StatusUnprocessableEntity, Code: api.ProblemCodeInvalidMailToken},
	ordersv1.ErrorReason_ERROR_REASON_ORDERS_OPEN:          {Status: http.StatusConflict, Code: api.ProblemCodeOrdersOpen},

	paymentsv1.ErrorReason_ERROR_REASON_OUTCOME_UNKNOWN:      {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	paymentsv1.ErrorReason_ERROR_REASON_PROVIDER_UNAVAILABLE: {Status: http.StatusServiceUnavailable, Code: api.ProblemCodeUnavailable},
	paymentsv1.ErrorReason_ERROR_REASON_UNKNOWN_PROVIDER:     {Status: http.StatusNotFound, Code: api.ProblemCodeNotFound},
	paymentsv1.ErrorReason_ERROR_REASON_BAD_SIGNATURE:        {Status: http.StatusBadRequest, Code: api.ProblemCodeInvalidRequest},
}

// Inside has the reasons that never reach the gateway, and why. Orders turns each of them, except its own, into an answer of its own.
var Inside = map[rpc.ErrorReason]string{
	inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_ENDED:      "orders alone reserves stock",
	inventoryv1.ErrorReason_ERROR_REASON_RESERVATION_MISMATCH:   "orders alone reserves stock",
	inventoryv1.ErrorReason_ERROR_REASON_NOT_SOLD:               "orders alone returns stock",
	inventoryv1.ErrorReason_ERROR_REASON_RETURN_MISMATCH:        "orders alone returns stock",
	paymentsv1.ErrorReason_ERROR_REASON_PAYMENT_NOT_FOUND:       "orders alone asks for a payment",
	paymentsv1.ErrorReason_ERROR_REASON_NOT_AUTHORIZED:          "orders alone captures payments",
	paymentsv1.ErrorReason_ERROR_REASON_ALREADY_CAPTURED:        "orders alone voids payments",
	paymentsv1.ErrorReason_ERROR_REASON_PAYMENT_MISMATCH:        "orders alone authorizes payments",
	paymentsv1.ErrorReason_ERROR_REASON_NOT_CAPTURED:            "orders alone refunds payments",
	paymentsv1.ErrorReason_ERROR_REASON_REFUND_TOO_LARGE:        "orders alone refunds payments",
	paymentsv1.ErrorReason_ERROR_REASON_REFUND_MISMATCH:         "orders alone refunds payments",
	paymentsv1.ErrorReason_ERROR_REASON_REFUND_FAILED:           "orders alone refunds payments",
	shippingv1.ErrorReason_ERROR_REASON_UNKNOWN_SHIPPING_OPTION: "orders alone creates shipments",
	shippingv1.ErrorReason_ERROR_REASON_BOOKING_CANCELLED:       "orders alone creates shipments",
	shippingv1.ErrorReason_ERROR_REASON_SHIPMENT_NOT_FOUND:      "orders alone hands parcels over",
	shippingv1.ErrorReason_ERROR_REASON_SHIPMENT_HANDED_OVER:    "orders alone cancels shipments",
	ordersv1.ErrorReason_ERROR_REASON_NOT_MENDABLE:              "`audit mend` alone has orders mended",
}

// byName has Answers by the names that come over the wire.
var byName = func() map[string]Answer {
	names := make(map[string]Answer, len(Answers))
	for reason, answer := range Answers {
		names[rpc.ReasonName(reason)] = answer
	}
	return names
}()

// Find returns the answer for the reason of a service's error. A newer service may give a reason that is not known here.
func Find(err error) (Answer, bool) {
	answer, ok := byName[rpc.Reason(err)]
	return answer, ok
}
