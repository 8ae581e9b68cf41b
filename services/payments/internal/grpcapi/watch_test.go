package grpcapi_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/durationpb"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/money"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// reader follows the feed as orders does: it keeps its position, and of each payment the newest version.
type reader struct {
	client   *bundle
	position string
	known    map[string]*paymentsv1.Payment
	told     map[string]int
}

func newReader(t *testing.T, client *bundle) *reader {
	t.Helper()
	r := &reader{client: client, known: map[string]*paymentsv1.Payment{}, told: map[string]int{}}
	if answer := r.mustRead(t, 0); !answer.GetReset_() || r.position == "" || len(answer.GetPayments()) > 0 {
		t.Fatalf("without a position: %v", answer)
	}
	return r
}

func (r *reader) mustRead(t *testing.T, wait time.Duration) *paymentsv1.WatchPaymentsResponse {
	t.Helper()
	answer, err := r.client.WatchPayments(grpctest.Service(t, "orders"), &paymentsv1.WatchPaymentsRequest{Position: r.position, Wait: durationpb.New(wait)})
	if err != nil {
		t.Fatal(err)
	}
	r.position = answer.GetPosition()
	r.apply(answer.GetPayments())
	return answer
}

// apply takes payments as they are told, in whatever order.
func (r *reader) apply(told []*paymentsv1.Payment) {
	for _, p := range told {
		if known := r.known[p.GetOrderId()]; known == nil || known.GetVersion() < p.GetVersion() {
			r.known[p.GetOrderId()] = p
			r.told[p.GetOrderId()]++
		}
	}
}

// mustRest reads until nothing is told. A transaction of another test may keep the position back for a while.
func (r *reader) mustRest(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(r.mustRead(t, 0).GetPayments()) > 0; {
		if time.Now().After(deadline) {
			t.Fatal("told again and again")
		}
	}
}

// message has the service take a signed message about an order.
func message(t *testing.T, client *bundle, id, order string) {
	t.Helper()
	payload := fmt.Appendf(nil, `{"id":%q,"type":"payment.captured","reference":"souk-%s"}`, id, order)
	req := &paymentsv1.HandleWebhookRequest{Provider: "simulator", Payload: payload, Signature: webhookSecret.Sign(payload, time.Now())}
	if _, err := client.HandleWebhook(grpctest.Service(t, "gateway"), req); err != nil {
		t.Fatal(err)
	}
}

// hold authorizes a payment.
func hold(t *testing.T, client *bundle) (order string) {
	t.Helper()
	req := authorization(simulator.Visa)
	answer, err := client.Authorize(grpctest.Service(t, "orders"), req)
	if err != nil || answer.GetPayment().GetStatus() != paymentsv1.Status_STATUS_AUTHORIZED {
		t.Fatalf("authorize: %v, %v", answer, err)
	}
	return req.GetOrderId()
}

// atProvider does something with an order's payment that payments does not know of.
func atProvider(pool *pgxpool.Pool, order string) (*simulator.Simulator, payments.Payment) {
	return simulator.New(pool, simulator.Config{}), payments.Payment{Reference: "souk-" + order, Method: simulator.Visa, Amount: money.New(1999, "GBP")}
}

func captureInDashboard(t *testing.T, pool *pgxpool.Pool, order string) {
	t.Helper()
	network, p := atProvider(pool, order)
	if _, err := network.Capture(t.Context(), p); err != nil {
		t.Fatal(err)
	}
}

func TestOrdersIsToldWhatHappensAfterTheCheckout(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client := serveOn(t, pool)
	r := newReader(t, client)
	order := hold(t, client)
	r.mustRest(t)
	if len(r.told) > 0 {
		t.Errorf("told of the checkout's own answer: %v", r.told)
	}
	captureInDashboard(t, pool, order)
	for range 2 { // the message comes twice
		message(t, client, "evt_1", order)
	}
	r.mustRead(t, 5*time.Second)
	r.mustRest(t)
	p := r.known[order]
	if r.told[order] != 1 || p.GetStatus() != paymentsv1.Status_STATUS_CAPTURED || p.GetCaptured().GetAmount() != 1999 || p.GetOpen().GetAmount() != 0 {
		t.Errorf("told %d times, at last of %v; want once, captured", r.told[order], p)
	}
	id := uuid.NewString()
	if _, err := client.Refund(grpctest.Service(t, "orders"), &paymentsv1.RefundRequest{OrderId: order, RefundId: id, Amount: pounds(500)}); err != nil {
		t.Fatal(err)
	}
	r.mustRead(t, 5*time.Second)
	if _, err := pool.Exec(t.Context(), `UPDATE simulator.refunds SET status = 'failed'`); err != nil {
		t.Fatal(err)
	}
	message(t, client, "evt_2", order)
	r.mustRead(t, 5*time.Second)
	r.mustRest(t)
	p = r.known[order]
	if r.told[order] != 3 || p.GetRefunded().GetAmount() != 0 || len(p.GetRefunds()) != 1 || p.GetRefunds()[0].GetId() != id ||
		p.GetRefunds()[0].GetStatus() != paymentsv1.RefundStatus_REFUND_STATUS_FAILED || p.GetRefunds()[0].GetReason() == "" {
		t.Errorf("told %d times, at last of %v; want three times, and the refund failed", r.told[order], p)
	}
}

func TestAnOutcomeThatComesByItselfIsTold(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client := serveOn(t, pool)
	r := newReader(t, client)
	req := authorization(simulator.Timeout)
	_, err := client.Authorize(grpctest.Service(t, "orders"), req)
	grpctest.Expect(t, "lost answer", err, codes.Unavailable, "OUTCOME_UNKNOWN")
	message(t, client, "evt_1", req.GetOrderId())
	r.mustRead(t, 5*time.Second)
	if p := r.known[req.GetOrderId()]; p.GetStatus() != paymentsv1.Status_STATUS_AUTHORIZED || p.GetOpen().GetAmount() != 1999 {
		t.Errorf("told of %v, want it authorized", p)
	}
}

// Both change at once, and the one that began first commits last.
func TestAChangeThatCommitsLateIsTold(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client := serveOn(t, pool)
	first, second := hold(t, client), hold(t, client)
	r := newReader(t, client)
	late, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(t.Context()) }()
	if _, err := late.Exec(t.Context(), `UPDATE payments SET attention = 'provider_differs' WHERE order_id = $1`, first); err != nil {
		t.Fatal(err)
	}
	captureInDashboard(t, pool, second)
	message(t, client, "evt_1", second)
	for range 3 {
		r.mustRead(t, time.Second)
	}
	if r.told[second] != 1 || r.told[first] != 0 {
		t.Errorf("before the commit: %v, want only the second", r.told)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.mustRead(t, time.Second)
	r.mustRest(t)
	if r.told[second] != 1 || r.told[first] != 1 || r.known[first].GetAttention() != paymentsv1.Attention_ATTENTION_PROVIDER_DIFFERS {
		t.Errorf("after the commit: %v, %v; want both once", r.told, r.known[first])
	}
}

func TestAReaderGoesOnAfterPaymentsIsStartedAnew(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	before := serveOn(t, pool)
	order := hold(t, before)
	r := newReader(t, before)
	captureInDashboard(t, pool, order)
	message(t, before, "evt_1", order)
	r.client = serveOn(t, pool) // another instance
	if answer := r.mustRead(t, 5*time.Second); answer.GetReset_() || r.told[order] != 1 {
		t.Errorf("told %v by the new instance: %v", r.told, answer)
	}
}

func TestAReaderThatLostItsPositionAsksForThePayments(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client, orders := serveOn(t, pool), grpctest.Service(t, "orders")
	r := newReader(t, client)
	changed, same := hold(t, client), hold(t, client)
	captureInDashboard(t, pool, changed)
	message(t, client, "evt_1", changed)
	for _, lost := range []string{"", "7", "1.1", "x"} {
		r.position = lost
		if answer := r.mustRead(t, 0); !answer.GetReset_() || len(answer.GetPayments()) > 0 || r.position == lost {
			t.Errorf("%q: %v, want a new position", lost, answer)
		}
	}
	listed, err := client.ListPayments(orders, &paymentsv1.ListPaymentsRequest{OrderIds: []string{changed, same, uuid.NewString(), "7"}})
	if err != nil || len(listed.GetPayments()) != 2 {
		t.Fatalf("list: %v, %v; want two payments", listed, err)
	}
	r.apply(listed.GetPayments())
	if r.known[changed].GetStatus() != paymentsv1.Status_STATUS_CAPTURED || r.known[same].GetStatus() != paymentsv1.Status_STATUS_AUTHORIZED {
		t.Errorf("known: %v", r.known)
	}
	got, err := client.GetPayment(orders, &paymentsv1.GetPaymentRequest{OrderId: changed})
	if err != nil || got.GetPayment().GetVersion() != r.known[changed].GetVersion() {
		t.Errorf("get: %v, %v; want the same", got, err)
	}
	// What is told again after that is known by its version.
	message(t, client, "evt_2", changed)
	r.mustRest(t)
	if r.told[changed] != 1 {
		t.Errorf("took it %d times, want once", r.told[changed])
	}
}

func TestAFeedIsAskedForProperly(t *testing.T) {
	t.Parallel()
	client := setup(t)
	orders := grpctest.Service(t, "orders")
	_, err := client.WatchPayments(orders, &paymentsv1.WatchPaymentsRequest{Wait: durationpb.New(time.Minute)})
	grpctest.Expect(t, "a minute", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.ListPayments(orders, &paymentsv1.ListPaymentsRequest{OrderIds: make([]string, 101)})
	grpctest.Expect(t, "too many", err, codes.InvalidArgument, "VALIDATION_FAILED")
	for _, caller := range []string{"gateway", "audit", "carts"} {
		ctx := grpctest.Service(t, caller)
		_, err := client.WatchPayments(ctx, &paymentsv1.WatchPaymentsRequest{})
		grpctest.Expect(t, "watch by "+caller, err, codes.PermissionDenied, "")
		_, err = client.ListPayments(ctx, &paymentsv1.ListPaymentsRequest{})
		grpctest.Expect(t, "list by "+caller, err, codes.PermissionDenied, "")
	}
}
