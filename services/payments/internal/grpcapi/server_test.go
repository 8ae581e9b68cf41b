package grpcapi_test

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/pgfeed"
	"souk/platform/security"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/payments/internal/grpcapi"
	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const webhookSecret = simulator.Webhook("whsec_of_a_test")

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	paymentsv1.PaymentsServiceClient
}

func setup(t testing.TB) *bundle {
	t.Helper()
	return serveOn(t, pgtest.New(t, postgres.Migrations))
}

// serveOn returns an instance on a database.
func serveOn(t testing.TB, pool *pgxpool.Pool) *bundle {
	t.Helper()
	webhooks := map[string]payments.EventReader{"simulator": webhookSecret}
	service := payments.New(postgres.New(pool), simulator.New(pool, simulator.Config{}), webhooks, slog.New(slog.DiscardHandler))
	b := &bundle{Server: grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		paymentsv1.RegisterPaymentsServiceServer(r, grpcapi.New(service, pgfeed.New(pool, "payments", "order_id")))
	})}
	b.PaymentsServiceClient = paymentsv1.NewPaymentsServiceClient(b.Conn)
	return b
}

func authorization(method string) *paymentsv1.AuthorizeRequest {
	return &paymentsv1.AuthorizeRequest{
		OrderId: uuid.NewString(), Amount: &moneyv1.Money{Amount: 1999, Currency: "GBP"}, PaymentMethod: method,
	}
}

func TestOrdersAuthorizesAndCaptures(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := grpctest.Service(t, "orders")
	req := authorization(simulator.Visa)
	if _, err := client.Authorize(ctx, req); err != nil {
		t.Fatal(err)
	}
	captured, err := client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: req.GetOrderId()})
	if err != nil {
		t.Fatal(err)
	}
	got, err := client.GetPayment(ctx, &paymentsv1.GetPaymentRequest{OrderId: req.GetOrderId()})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*paymentsv1.Payment{captured.GetPayment(), got.GetPayment()} {
		if p.GetStatus() != paymentsv1.Status_STATUS_CAPTURED || p.GetCaptured().GetAmount() != 1999 ||
			p.GetRefunded().GetAmount() != 0 || p.GetRefunded().GetCurrency() != "GBP" || p.GetOrderId() != req.GetOrderId() {
			t.Errorf("payment = %v, want 19.99 GBP captured", p)
		}
	}
}

func TestARefundIsASecurityEvent(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := grpctest.Service(t, "orders")
	req := authorization(simulator.Visa)
	_, err := client.Authorize(ctx, req)
	grpctest.Expect(t, "authorize", err, codes.OK, "")
	_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: req.GetOrderId()})
	grpctest.Expect(t, "capture", err, codes.OK, "")
	_, err = client.Refund(ctx, &paymentsv1.RefundRequest{OrderId: req.GetOrderId(), RefundId: uuid.NewString(), Amount: req.GetAmount()})
	grpctest.Expect(t, "refund", err, codes.OK, "")
	event := client.Events.Expect(t, security.RefundMade, req.GetOrderId())
	if event.Actor.Service != "orders" || !strings.Contains(event.Line, "19.99 GBP") || strings.Contains(event.Line, simulator.Visa) {
		t.Errorf("%s", event.Line)
	}
}

func TestARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := grpctest.Service(t, "orders")
	for method, reason := range map[string]string{
		simulator.CardDeclined: "card_declined", simulator.InsufficientFunds: "insufficient_funds", "pm_none": "unknown_payment_method",
	} {
		answer, err := client.Authorize(ctx, authorization(method))
		p := answer.GetPayment()
		if err != nil || p.GetStatus() != paymentsv1.Status_STATUS_DECLINED || p.GetDeclineReason() != reason {
			t.Errorf("%s: %v, %v; want declined as %s", method, p, err, reason)
		}
		if _, listed := paymentsv1.DeclineReason_value["DECLINE_REASON_"+strings.ToUpper(reason)]; !listed {
			t.Errorf("the contract does not list %q", reason)
		}
	}
}

func TestErrorsSayWhy(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := grpctest.Service(t, "orders")
	lost, voided, captured := authorization(simulator.Timeout), authorization(simulator.Visa), authorization(simulator.Visa)
	_, err := client.Authorize(ctx, lost)
	grpctest.Expect(t, "lost answer", err, codes.Unavailable, "OUTCOME_UNKNOWN")
	_, err = client.Void(ctx, &paymentsv1.VoidRequest{OrderId: voided.GetOrderId()})
	grpctest.Expect(t, "void of nothing", err, codes.OK, "")
	late, err := client.Authorize(ctx, voided)
	if err != nil || late.GetPayment().GetStatus() != paymentsv1.Status_STATUS_VOIDED {
		t.Errorf("authorize after void: %v, %v; want voided", late, err)
	}
	_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: voided.GetOrderId()})
	grpctest.Expect(t, "capture after void", err, codes.FailedPrecondition, "NOT_AUTHORIZED")
	_, err = client.Authorize(ctx, captured)
	grpctest.Expect(t, "authorize", err, codes.OK, "")
	_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: captured.GetOrderId()})
	grpctest.Expect(t, "capture", err, codes.OK, "")
	_, err = client.Void(ctx, &paymentsv1.VoidRequest{OrderId: captured.GetOrderId()})
	grpctest.Expect(t, "void after capture", err, codes.FailedPrecondition, "ALREADY_CAPTURED")
	captured.Amount.Amount++
	_, err = client.Authorize(ctx, captured)
	grpctest.Expect(t, "another amount", err, codes.FailedPrecondition, "PAYMENT_MISMATCH")
	for _, id := range []string{"", "7", uuid.NewString()} {
		_, err = client.GetPayment(ctx, &paymentsv1.GetPaymentRequest{OrderId: id})
		grpctest.Expect(t, "payment of "+id, err, codes.NotFound, "PAYMENT_NOT_FOUND")
		_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: id})
		grpctest.Expect(t, "capture of "+id, err, codes.NotFound, "PAYMENT_NOT_FOUND")
	}
	_, err = client.Authorize(ctx, &paymentsv1.AuthorizeRequest{})
	grpctest.Expect(t, "nothing at all", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestOnlyThoseWhomTheRulesNameMayCall(t *testing.T) {
	t.Parallel()
	client := setup(t)
	for _, caller := range []string{"gateway", "audit", "carts"} {
		ctx := grpctest.Service(t, caller)
		_, err := client.Authorize(ctx, authorization(simulator.Visa))
		grpctest.Expect(t, "authorize by "+caller, err, codes.PermissionDenied, "")
		_, err = client.Refund(ctx, &paymentsv1.RefundRequest{})
		grpctest.Expect(t, "refund by "+caller, err, codes.PermissionDenied, "")
	}
	_, err := client.HandleWebhook(grpctest.Service(t, "orders"), &paymentsv1.HandleWebhookRequest{})
	grpctest.Expect(t, "webhook by orders", err, codes.PermissionDenied, "")
	_, err = client.ListBooks(client.As(t, uuid.NewString()), &paymentsv1.ListBooksRequest{})
	grpctest.Expect(t, "books by a customer", err, codes.PermissionDenied, "")
}
