package grpcapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/testkit/grpctest"

	"souk/services/payments/internal/simulator"
)

func pounds(pence int64) *moneyv1.Money { return &moneyv1.Money{Amount: pence, Currency: "GBP"} }

// capture makes a captured payment of 19.99 GBP.
func capture(t *testing.T, b *bundle) (order string) {
	t.Helper()
	ctx := grpctest.Service(t, "orders")
	req := authorization(simulator.Visa)
	if _, err := b.Authorize(ctx, req); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: req.GetOrderId()}); err != nil {
		t.Fatal(err)
	}
	return req.GetOrderId()
}

func TestOrdersRefundsAndStaffReadTheBooks(t *testing.T) {
	t.Parallel()
	b := setup(t)
	order := capture(t, b)
	capture(t, b)
	answer, err := b.Refund(grpctest.Service(t, "orders"), &paymentsv1.RefundRequest{OrderId: order, RefundId: uuid.NewString(), Amount: pounds(500)})
	p := answer.GetPayment()
	if err != nil || p.GetRefunded().GetAmount() != 500 || p.GetCaptured().GetAmount() != 1999 || p.GetStatus() != paymentsv1.Status_STATUS_CAPTURED {
		t.Errorf("refund: %v, %v; want 5.00 of 19.99", p, err)
	}
	staff := b.Staff(t)
	page, err := b.ListBooks(staff, &paymentsv1.ListBooksRequest{Limit: 1, WithProvider: true})
	if err != nil || len(page.GetBooks()) != 1 || page.GetNextAfter() == "" {
		t.Fatalf("books: %v, %v; want one, and more", page, err)
	}
	books := page.GetBooks()[0]
	if books.GetPayment().GetOrderId() != order || books.GetAuthorized().GetAmount() != 1999 || books.GetCaptured().GetAmount() != 1999 ||
		books.GetVoided().GetAmount() != 0 || books.GetOpen().GetAmount() != 0 || books.GetRefunded().GetAmount() != 500 ||
		books.GetUnbalancedMovements() != 0 || books.GetProvider().GetCaptured().GetAmount() != 1999 ||
		books.GetProvider().GetRefunded().GetAmount() != 500 || books.GetProvider().GetOpen().GetCurrency() != "GBP" {
		t.Errorf("books = %v, want 5.00 of 19.99 refunded", books)
	}
	page, err = b.ListBooks(staff, &paymentsv1.ListBooksRequest{After: page.GetNextAfter()})
	if err != nil || len(page.GetBooks()) != 1 || page.GetNextAfter() != "" || page.GetBooks()[0].GetProvider() != nil {
		t.Errorf("last page: %v, %v; want the other, without the provider's", page, err)
	}
	_, err = b.ListBooks(staff, &paymentsv1.ListBooksRequest{Limit: 1001})
	grpctest.Expect(t, "too many", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestRefundErrorsSayWhy(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := grpctest.Service(t, "orders")
	order, id := capture(t, b), uuid.NewString()
	open, lost := authorization(simulator.Visa), authorization(simulator.Timeout)
	_, err := b.Authorize(ctx, open)
	grpctest.Expect(t, "authorize", err, codes.OK, "")
	_, _ = b.Authorize(ctx, lost) // its answer is lost
	_, err = b.Authorize(ctx, lost)
	grpctest.Expect(t, "authorize again", err, codes.OK, "")
	_, err = b.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: lost.GetOrderId()})
	grpctest.Expect(t, "capture", err, codes.OK, "")

	for _, test := range []struct {
		what, order, id string
		amount          int64
		code            codes.Code
		reason          string
	}{
		{"no payment", uuid.NewString(), id, 1, codes.NotFound, "PAYMENT_NOT_FOUND"},
		{"not captured", open.GetOrderId(), id, 1, codes.FailedPrecondition, "NOT_CAPTURED"},
		{"too much", order, id, 2000, codes.FailedPrecondition, "REFUND_TOO_LARGE"},
		{"refund", order, id, 500, codes.OK, ""},
		{"again", order, id, 500, codes.OK, ""},
		{"another under its id", order, id, 501, codes.FailedPrecondition, "REFUND_MISMATCH"},
		{"more than is left", order, uuid.NewString(), 1500, codes.FailedPrecondition, "REFUND_TOO_LARGE"},
		{"lost answer", lost.GetOrderId(), uuid.NewString(), 1, codes.Unavailable, "OUTCOME_UNKNOWN"},
		{"no id", order, "", 1, codes.InvalidArgument, "VALIDATION_FAILED"},
		{"nothing", order, uuid.NewString(), 0, codes.InvalidArgument, "VALIDATION_FAILED"},
	} {
		_, err := b.Refund(ctx, &paymentsv1.RefundRequest{OrderId: test.order, RefundId: test.id, Amount: pounds(test.amount)})
		grpctest.Expect(t, test.what, err, test.code, test.reason)
	}
}

func TestTheGatewayHandsWebhooksOn(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx := grpctest.Service(t, "gateway")
	payload := fmt.Appendf(nil, `{"id":"evt_1","type":"payment.captured","reference":"souk-%s"}`, capture(t, b))
	req := &paymentsv1.HandleWebhookRequest{Provider: "simulator", Payload: payload, Signature: webhookSecret.Sign(payload, time.Now())}
	for range 2 {
		_, err := b.HandleWebhook(ctx, req)
		grpctest.Expect(t, "webhook", err, codes.OK, "")
	}
	req.Signature += "0"
	_, err := b.HandleWebhook(ctx, req)
	grpctest.Expect(t, "another signature", err, codes.InvalidArgument, "BAD_SIGNATURE")
	req.Provider = "stripe"
	_, err = b.HandleWebhook(ctx, req)
	grpctest.Expect(t, "another provider", err, codes.NotFound, "UNKNOWN_PROVIDER")
}
