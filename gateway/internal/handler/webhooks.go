package handler

import (
	"context"
	"io"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/edge"
)

// signatures maps each payment provider to the header with its signature.
var signatures = map[string]func(api.ReceivePaymentWebhookParams) *string{
	"stripe":    func(p api.ReceivePaymentWebhookParams) *string { return p.StripeSignature },
	"simulator": func(p api.ReceivePaymentWebhookParams) *string { return p.SoukSignature },
}

// ReceivePaymentWebhook forwards a provider's message unchanged. Payments verifies the signature, which is computed over the
// bytes of the body.
func (h *Handler) ReceivePaymentWebhook(ctx context.Context, req api.ReceivePaymentWebhookRequestObject) (api.ReceivePaymentWebhookResponseObject, error) {
	signature, ok := signatures[req.Provider]
	if !ok {
		return nil, edge.NotFound("There is no such payment provider.")
	}
	payload, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	_, err = h.Payments.HandleWebhook(ctx, &paymentsv1.HandleWebhookRequest{
		Provider: req.Provider, Payload: payload, Signature: value(signature(req.Params)),
	})
	if err != nil {
		return nil, err
	}
	return api.ReceivePaymentWebhook204Response{}, nil
}
