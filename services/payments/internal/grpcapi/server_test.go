package grpcapi_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/access"
	"souk/platform/pgtest"
	"souk/platform/rpc"

	"souk/services/payments/internal/grpcapi"
	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const webhookSecret = simulator.Webhook("whsec_of_a_test")

// bundle is the service behind its real interceptors.
type bundle struct {
	paymentsv1.PaymentsServiceClient
	private ed25519.PrivateKey
}

// Key implements access.KeySource.
func (b *bundle) Key(context.Context, string) (ed25519.PublicKey, error) {
	return b.private.Public().(ed25519.PublicKey), nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{private: private}
	pool := pgtest.New(t, postgres.Migrations)
	guard := access.NewGuard(access.NewVerifier(b))
	server := rpc.NewServer(slog.New(slog.DiscardHandler), guard)
	webhooks := map[string]payments.EventReader{"simulator": webhookSecret}
	service := payments.New(postgres.New(pool), simulator.New(pool, simulator.SlowFor), webhooks, slog.New(slog.DiscardHandler))
	paymentsv1.RegisterPaymentsServiceServer(server, grpcapi.New(service))
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///payments", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	b.PaymentsServiceClient = paymentsv1.NewPaymentsServiceClient(conn)
	return b
}

// as returns a context of calls by someone with these roles, through the gateway.
func (b *bundle) as(t *testing.T, roles ...string) context.Context {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, access.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: uuid.NewString(),
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		},
		SessionID: "session", Roles: roles,
	})
	token.Header["typ"], token.Header["kid"] = access.TokenType, "test"
	signed, err := token.SignedString(b.private)
	if err != nil {
		t.Fatal(err)
	}
	return access.Outgoing(access.WithToken(t.Context(), signed), "gateway")
}

func expect(t *testing.T, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || rpc.Reason(err) != reason {
		t.Errorf("%s: %v (%q), want %s %s", what, err, rpc.Reason(err), code, reason)
	}
}

func authorization(method string) *paymentsv1.AuthorizeRequest {
	return &paymentsv1.AuthorizeRequest{
		OrderId: uuid.NewString(), Amount: &moneyv1.Money{Amount: 1999, Currency: "GBP"}, PaymentMethod: method,
	}
}

func TestOrdersAuthorizesAndCaptures(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := access.Outgoing(t.Context(), "orders")
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

func TestARefusalIsAnAnswer(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := access.Outgoing(t.Context(), "orders")
	for method, reason := range map[string]string{
		simulator.CardDeclined: "card_declined", simulator.InsufficientFunds: "insufficient_funds", "pm_none": "unknown_payment_method",
	} {
		answer, err := client.Authorize(ctx, authorization(method))
		p := answer.GetPayment()
		if err != nil || p.GetStatus() != paymentsv1.Status_STATUS_DECLINED || p.GetDeclineReason() != reason {
			t.Errorf("%s: %v, %v; want declined as %s", method, p, err, reason)
		}
	}
}

func TestErrorsSayWhy(t *testing.T) {
	t.Parallel()
	client := setup(t)
	ctx := access.Outgoing(t.Context(), "orders")
	lost, voided, captured := authorization(simulator.Timeout), authorization(simulator.Visa), authorization(simulator.Visa)
	_, err := client.Authorize(ctx, lost)
	expect(t, "lost answer", err, codes.Unavailable, "OUTCOME_UNKNOWN")
	_, err = client.Void(ctx, &paymentsv1.VoidRequest{OrderId: voided.GetOrderId()})
	expect(t, "void of nothing", err, codes.OK, "")
	late, err := client.Authorize(ctx, voided)
	if err != nil || late.GetPayment().GetStatus() != paymentsv1.Status_STATUS_VOIDED {
		t.Errorf("authorize after void: %v, %v; want voided", late, err)
	}
	_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: voided.GetOrderId()})
	expect(t, "capture after void", err, codes.FailedPrecondition, "NOT_AUTHORIZED")
	_, err = client.Authorize(ctx, captured)
	expect(t, "authorize", err, codes.OK, "")
	_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: captured.GetOrderId()})
	expect(t, "capture", err, codes.OK, "")
	_, err = client.Void(ctx, &paymentsv1.VoidRequest{OrderId: captured.GetOrderId()})
	expect(t, "void after capture", err, codes.FailedPrecondition, "ALREADY_CAPTURED")
	captured.Amount.Amount++
	_, err = client.Authorize(ctx, captured)
	expect(t, "another amount", err, codes.FailedPrecondition, "PAYMENT_MISMATCH")
	for _, id := range []string{"", "7", uuid.NewString()} {
		_, err = client.GetPayment(ctx, &paymentsv1.GetPaymentRequest{OrderId: id})
		expect(t, "payment of "+id, err, codes.NotFound, "PAYMENT_NOT_FOUND")
		_, err = client.Capture(ctx, &paymentsv1.CaptureRequest{OrderId: id})
		expect(t, "capture of "+id, err, codes.NotFound, "PAYMENT_NOT_FOUND")
	}
	_, err = client.Authorize(ctx, &paymentsv1.AuthorizeRequest{})
	expect(t, "nothing at all", err, codes.InvalidArgument, rpc.ReasonValidation)
}

func TestOnlyThoseWhomTheRulesNameMayCall(t *testing.T) {
	t.Parallel()
	client := setup(t)
	for _, caller := range []string{"", "gateway", "carts"} {
		ctx := access.Outgoing(t.Context(), caller)
		_, err := client.Authorize(ctx, authorization(simulator.Visa))
		expect(t, "authorize by "+caller, err, codes.PermissionDenied, "")
		_, err = client.Refund(ctx, &paymentsv1.RefundRequest{})
		expect(t, "refund by "+caller, err, codes.PermissionDenied, "")
	}
	_, err := client.HandleWebhook(access.Outgoing(t.Context(), "orders"), &paymentsv1.HandleWebhookRequest{})
	expect(t, "webhook by orders", err, codes.PermissionDenied, "")
	_, err = client.ListBooks(client.as(t), &paymentsv1.ListBooksRequest{})
	expect(t, "books by a customer", err, codes.PermissionDenied, "")
}
