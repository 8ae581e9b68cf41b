package stripe

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/payments"
)

// authorization converts an intent's status (https://docs.stripe.com/payments/paymentintents/lifecycle). An intent in the status
// requires_payment_method was declined only if it has a last error. Without one the bank has not answered yet, and may still authorize it.
func authorization(intent *stripego.PaymentIntent) payments.Authorization {
	answer := payments.Authorization{Status: payments.Pending, ProviderID: intent.ID}
	switch intent.Status {
	case stripego.PaymentIntentStatusRequiresCapture:
		answer.Status, answer.AskAt = payments.Authorized, expiry(intent)
	case stripego.PaymentIntentStatusSucceeded:
		answer.Status = payments.Authorized
	case stripego.PaymentIntentStatusCanceled:
		answer.Status, answer.VoidReason = payments.Voided, voidReason(intent)
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		if intent.LastPaymentError != nil {
			answer.Status, answer.Reason = payments.Declined, reason(intent.LastPaymentError)
		}
	}
	return answer
}

// expiry returns when to look whether an authorization has expired, or zero if Stripe does not tell.
func expiry(intent *stripego.PaymentIntent) time.Time {
	charge := intent.LatestCharge
	if charge == nil || charge.PaymentMethodDetails == nil || charge.PaymentMethodDetails.Card == nil ||
		charge.PaymentMethodDetails.Card.CaptureBefore == 0 {
		return time.Time{}
	}
	return time.Unix(charge.PaymentMethodDetails.Card.CaptureBefore, 0).Add(time.Minute)
}

// voidReason returns why an intent was canceled. Stripe itself cancels an intent whose authorization has expired.
func voidReason(intent *stripego.PaymentIntent) payments.VoidReason {
	switch intent.CancellationReason {
	case stripego.PaymentIntentCancellationReasonAutomatic, stripego.PaymentIntentCancellationReasonExpired:
		return payments.VoidExpired
	default:
		return payments.VoidAtProvider
	}
}

// reason returns why a payment was refused (https://docs.stripe.com/declines/codes).
func reason(refusal *stripego.Error) string {
	if invalid(refusal) && (refusal.Param == "amount" || refusal.Param == "currency") {
		return "invalid_" + refusal.Param
	}
	fallback := string(stripego.ErrorCodeCardDeclined)
	if refusal.Type == stripego.ErrorTypeInvalidRequest {
		fallback = "invalid_request"
	}
	return cmp.Or(string(refusal.DeclineCode), string(refusal.Code), fallback)
}

// failure converts an error of Stripe's library, depending on whether the request may have had its effect. The text of the
// error is left out, because it contains the whole intent with its secret.
func failure(err error) error {
	var refusal *stripego.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refusal):
		return fmt.Errorf("%w: %w", payments.ErrOutcomeUnknown, err)
	// A conflict is another request under the same key, still running. Other parameters under the same key mean that there was another
	// request, whose outcome is unknown.
	case refusal.HTTPStatusCode >= 500, refusal.HTTPStatusCode == http.StatusConflict, refusal.Type == stripego.ErrorTypeIdempotency:
		return fmt.Errorf("%w: %s", payments.ErrOutcomeUnknown, describe(refusal))
	default:
		return errors.New(describe(refusal))
	}
}

func describe(refusal *stripego.Error) string {
	return fmt.Sprintf("stripe: %d %s %s %s (request %s)", refusal.HTTPStatusCode, refusal.Type, refusal.Code, refusal.Param, refusal.RequestID)
}

// definite reports whether Stripe would answer the same again (https://docs.stripe.com/error-handling). It may later accept a request
// that it refused because of our API key or a rate limit.
func definite(refusal *stripego.Error) bool {
	return refusal.Type == stripego.ErrorTypeCard || invalid(refusal)
}

// invalid reports whether Stripe has finally refused a request because of its content.
func invalid(refusal *stripego.Error) bool {
	return refusal.Type == stripego.ErrorTypeInvalidRequest && refusal.HTTPStatusCode == http.StatusBadRequest && !slices.Contains(later, refusal.Code)
}

// later contains the codes of requests that Stripe may accept when they are repeated.
var later = []stripego.ErrorCode{
	stripego.ErrorCodeLockTimeout, stripego.ErrorCodeRateLimit, stripego.ErrorCodePaymentIntentRateLimitExceeded,
	stripego.ErrorCodeBalanceInsufficient, // until the shop's balance at Stripe suffices for a refund
}

// refused is like invalid, for any error.
func refused(err error) bool {
	var refusal *stripego.Error
	return errors.As(err, &refusal) && invalid(refusal)
}

// missing reports whether Stripe does not know the object in the request's path.
func missing(err error) bool {
	var refusal *stripego.Error
	return errors.As(err, &refusal) && refusal.HTTPStatusCode == http.StatusNotFound
}
