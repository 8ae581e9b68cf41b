package stripe

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/payments"
)

// Refund implements payments.Provider.
func (s *Provider) Refund(ctx context.Context, p payments.Payment, r payments.Refund) (payments.Refund, error) {
	id, err := s.id(ctx, p)
	if err != nil {
		return payments.Refund{}, err
	}
	amount, err := toStripe(r.Amount)
	if err != nil {
		r.Status = payments.RefundFailed
		return r, nil // a refusal is not an error
	}
	params := &stripego.RefundCreateParams{
		PaymentIntent: stripego.String(id),
		Amount:        stripego.Int64(amount),
		Metadata:      map[string]string{paymentKey: p.Reference, refundKey: r.Reference},
	}
	params.SetIdempotencyKey(r.Reference)
	refund, err := s.client.V1Refunds.Create(ctx, params)
	var refusal *stripego.Error
	if errors.As(err, &refusal) && definite(refusal) {
		r.Status, r.Reason = payments.RefundFailed, string(refusal.Code)
		return r, nil
	}
	if err != nil {
		return payments.Refund{}, failure(err)
	}
	answer := refundOf(refund)
	r.Status, r.Reason, r.ProviderID = answer.Status, answer.Reason, answer.ProviderID
	return r, nil
}

// uncaptured contains the reasons of refunds that Stripe makes when it releases money that was never captured.
var uncaptured = []string{string(stripego.RefundReasonExpiredUncapturedCharge), "partial_capture"}

// Refunds implements payments.Provider.
func (s *Provider) Refunds(ctx context.Context, p payments.Payment) ([]payments.Refund, error) {
	id, err := s.id(ctx, p)
	if err != nil {
		return nil, err
	}
	params := &stripego.RefundListParams{PaymentIntent: stripego.String(id)}
	var refunds []payments.Refund
	for refund, err := range s.client.V1Refunds.List(ctx, params).All(ctx) {
		if err != nil {
			return nil, failure(err)
		}
		if !slices.Contains(uncaptured, string(refund.Reason)) {
			refunds = append(refunds, refundOf(refund))
		}
	}
	return refunds, nil
}

// refundOf converts a refund of Stripe. For a refund made in Stripe's dashboard, the reference is Stripe's name.
func refundOf(refund *stripego.Refund) payments.Refund {
	return payments.Refund{
		Reference: cmp.Or(refund.Metadata[refundKey], refund.ID), ProviderID: refund.ID, Status: statusOf(refund),
		Reason: string(refund.FailureReason), Amount: fromStripe(refund.Amount, strings.ToUpper(string(refund.Currency))),
	}
}

// statusOf returns the status of a refund. A pending refund counts as succeeded, because Stripe completes it; if that fails, it
// becomes failed.
func statusOf(refund *stripego.Refund) payments.RefundStatus {
	if refund.Status == stripego.RefundStatusFailed || refund.Status == stripego.RefundStatusCanceled {
		return payments.RefundFailed
	}
	return payments.RefundSucceeded
}
