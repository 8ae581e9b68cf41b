package handler_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const handleWebhook = paymentsv1.PaymentsService_HandleWebhook_FullMethodName

func TestAWebhookReachesPaymentsUnchanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *paymentsv1.HandleWebhookRequest
	on(s, handleWebhook, func(ctx context.Context, req *paymentsv1.HandleWebhookRequest) (*paymentsv1.HandleWebhookResponse, error) {
		asked = req
		if caller := access.FromContext(ctx); caller.Authenticated() || caller.Service != "gateway" {
			t.Errorf("called by %+v", caller)
		}
		return &paymentsv1.HandleWebhookResponse{}, nil
	})
	bodies := []string{
		"{\n  \"id\": \"evt_1\", \"id\": \"é\\u0000\",  \"big\": 1e400 }\n\n", "[]", "", " \t", "no JSON", "\xff\x00",
		strings.Repeat("x", 256<<10),
	}
	for provider, header := range map[string]string{"stripe": "Stripe-Signature", "simulator": "Souk-Signature"} {
		for _, body := range bodies {
			headers := []string{"Stripe-Signature", "none", "Souk-Signature", "none", "Content-Type", "application/json; charset=utf-8"}
			r := s.send(t, guest, "POST", "/v1/webhooks/payments/"+provider, body, append(headers, header, "t=1,v1=abc")...)
			if r.status != 204 || len(r.body) != 0 {
				t.Errorf("answered %d: %s", r.status, r.body)
			}
			if asked.GetProvider() != provider || asked.GetSignature() != "t=1,v1=abc" || !bytes.Equal(asked.GetPayload(), []byte(body)) {
				t.Errorf("%s: asked %.200v", provider, asked)
			}
		}
	}
	// Tokens are ignored here, even invalid ones.
	s.send(t, guest, "POST", "/v1/webhooks/payments/stripe", "{}", "Authorization", "Bearer x").mustBe(t, 204, "")
	if asked.GetSignature() != "" {
		t.Errorf("without a signature payments is told %q", asked.GetSignature())
	}
}

func TestARefusedWebhookReturnsTheReason(t *testing.T) {
	t.Parallel()
	s := open(t)
	send := func(provider, body string) reply {
		return s.send(t, guest, "POST", "/v1/webhooks/payments/"+provider, body, "Stripe-Signature", "x")
	}
	send("stripe", "{}").refused(t, 503, "unavailable")
	s.fail(handleWebhook, rpc.Error(codes.InvalidArgument, paymentsv1.ErrorReason_ERROR_REASON_BAD_SIGNATURE, "the signature is not right"))
	send("stripe", "{}").refused(t, 400, "invalid_request")
	s.fail(handleWebhook, rpc.Error(codes.NotFound, paymentsv1.ErrorReason_ERROR_REASON_UNKNOWN_PROVIDER, "no such provider"))
	send("stripe", "{}").refused(t, 404, "not_found")
	asked := s.called(handleWebhook)
	send("paypal", "{}").refused(t, 404, "not_found")
	send("stripe", strings.Repeat("x", 256<<10+1)).refused(t, 413, "payload_too_large")
	if s.called(handleWebhook) != asked {
		t.Error("payments was asked")
	}
}
