package stripe

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/payments"
)

// authorization says what an intent's status means (https://docs.stripe.com/payments/paymentintents/lifecycle). One
// that is still on its way has no outcome yet.
func authorization(intent *stripego.PaymentIntent) (payments.Authorization, error) {
	answer := payments.Authorization{ProviderID: intent.ID}
	switch intent.Status {
	case stripego.PaymentIntentStatusRequiresCapture, stripego.PaymentIntentStatusSucceeded:
		answer.Status = payments.Authorized
	case stripego.PaymentIntentStatusCanceled:
		answer.Status = payments.Voided
	case stripego.PaymentIntentStatusRequiresPaymentMethod:
		answer.Status, answer.Reason = payments.Declined, reason(intent.LastPaymentError)
	default:
		return payments.Authorization{}, fmt.Errorf("%w: %s is %s", payments.ErrOutcomeUnknown, intent.ID, intent.Status)
	}
	return answer, nil
}

// reason returns why a card was refused (https://docs.stripe.com/declines/codes).
func reason(refusal *stripego.Error) string {
	if refusal == nil {
		return string(stripego.ErrorCodeCardDeclined)
	}
	return cmp.Or(string(refusal.DeclineCode), string(refusal.Code), string(stripego.ErrorCodeCardDeclined))
}

// failure says what an error of the library means: whether Stripe may have done what it was asked. The error's own
// text is left out, because it holds the whole intent with its secret.
func failure(err error) error {
	var refusal *stripego.Error
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refusal):
		return fmt.Errorf("%w: %w", payments.ErrOutcomeUnknown, err)
	// A conflict is another request under the same key, still running.
	case refusal.HTTPStatusCode >= 500, refusal.HTTPStatusCode == http.StatusConflict:
		return fmt.Errorf("%w: %s", payments.ErrOutcomeUnknown, describe(refusal))
	default:
		return errors.New(describe(refusal))
	}
}

func describe(refusal *stripego.Error) string {
	return fmt.Sprintf("stripe: %d %s %s %s (request %s)", refusal.HTTPStatusCode, refusal.Type, refusal.Code, refusal.Param, refusal.RequestID)
}

// invalid reports whether Stripe has refused what was asked, for good.
func invalid(refusal *stripego.Error) bool {
	return refusal.Type == stripego.ErrorTypeInvalidRequest && refusal.HTTPStatusCode == http.StatusBadRequest
}

// refused is invalid for any error.
func refused(err error) bool {
	var refusal *stripego.Error
	return errors.As(err, &refusal) && invalid(refusal)
}

// missing reports whether Stripe does not know the name in the request's path.
func missing(err error) bool {
	var refusal *stripego.Error
	return errors.As(err, &refusal) && refusal.HTTPStatusCode == http.StatusNotFound
}
