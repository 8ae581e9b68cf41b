package stripe

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/payments"
)

// authorization returns the meaning of an intent's status (https://docs.stripe.com/payments/paymentintents/lifecycle). The
// outcome of an intent that is still being processed is unknown.
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

// reason returns the reason for a declined card (https://docs.stripe.com/declines/codes).
func reason(refusal *stripego.Error) string {
	if refusal == nil {
		return string(stripego.ErrorCodeCardDeclined)
	}
	return cmp.Or(string(refusal.DeclineCode), string(refusal.Code), string(stripego.ErrorCodeCardDeclined))
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
	// A conflict means that another request with the same key is still running.
	case refusal.HTTPStatusCode >= 500, refusal.HTTPStatusCode == http.StatusConflict:
		return fmt.Errorf("%w: %s", payments.ErrOutcomeUnknown, describe(refusal))
	default:
		return errors.New(describe(refusal))
	}
}

func describe(refusal *stripego.Error) string {
	return fmt.Sprintf("stripe: %d %s %s %s (request %s)", refusal.HTTPStatusCode, refusal.Type, refusal.Code, refusal.Param, refusal.RequestID)
}

// invalid reports whether Stripe has finally refused the request.
func invalid(refusal *stripego.Error) bool {
	return refusal.Type == stripego.ErrorTypeInvalidRequest && refusal.HTTPStatusCode == http.StatusBadRequest
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
