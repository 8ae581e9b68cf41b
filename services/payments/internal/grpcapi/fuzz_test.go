package grpcapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/services/payments/internal/simulator"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	authorize := authorization(simulator.Visa)
	order := authorize.GetOrderId()
	payload := fmt.Appendf(nil, `{"id":"evt_1","type":"payment.captured","reference":"souk-%s"}`, order)
	b.Fuzz(f, paymentsv1.File_souk_payments_v1_payments_proto, uuid.NewString(),
		authorize,
		&paymentsv1.CaptureRequest{OrderId: order},
		&paymentsv1.VoidRequest{OrderId: order},
		&paymentsv1.RefundRequest{OrderId: order, RefundId: uuid.NewString(), Amount: pounds(500)},
		&paymentsv1.GetPaymentRequest{OrderId: order},
		&paymentsv1.ListPaymentsRequest{OrderIds: []string{order}},
		&paymentsv1.WatchPaymentsRequest{Position: "1.1"},
		&paymentsv1.HandleWebhookRequest{Provider: "simulator", Payload: payload, Signature: webhookSecret.Sign(payload, time.Now())},
		&paymentsv1.ListBooksRequest{Limit: 10, WithProvider: true, OrderIds: []string{order}},
	)
}
