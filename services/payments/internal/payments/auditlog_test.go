package payments_test

import (
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/money"
	"souk/platform/pgaudit"
	"souk/platform/security"

	"souk/services/payments/internal/simulator"
)

// changesOf returns the records of an order in the audit log, the oldest first.
func changesOf(t *testing.T, pool *pgxpool.Pool, order string) []audit.Record {
	t.Helper()
	page, more, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Subject: order, Limit: 100})
	if err != nil || more {
		t.Fatal(more, err)
	}
	slices.Reverse(page)
	return page
}

func expectChanges(t *testing.T, pool *pgxpool.Pool, order string, want ...audit.Action) []audit.Record {
	t.Helper()
	records := changesOf(t, pool, order)
	var got []audit.Action
	for _, r := range records {
		got = append(got, r.Action)
	}
	if !slices.Equal(got, want) {
		t.Fatalf("the log of the order: %v, want %v", got, want)
	}
	return records
}

// Every call is made twice, and changes something once.
func TestEachChangeOfMoneyIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	ctx := security.WithActor(security.With(t.Context(), nil, "r1"), security.Actor{Service: "orders", Customer: "boss", Staff: true})
	order, declined, voided, barred, refund := uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString(), uuid.NewString()
	part := money.New(500, "GBP")
	for range 2 {
		_, authorized := s.Authorize(ctx, order, price, simulator.Visa)
		_, refusal := s.Authorize(ctx, declined, price, simulator.CardDeclined)
		_, captured := s.Capture(ctx, order)
		_, refunded := s.Refund(ctx, order, refund, part)
		_, held := s.Authorize(ctx, voided, price, simulator.Visa)
		for _, err := range []error{authorized, refusal, captured, refunded, held, s.Void(ctx, voided), s.Void(ctx, barred)} {
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	records := expectChanges(t, pool, order, audit.PaymentAuthorized, audit.PaymentCaptured, audit.RefundSucceeded)
	for _, r := range records {
		if r.Actor != (audit.Actor{Kind: audit.Staff, ID: "boss", Service: "orders"}) || r.RequestID != "r1" || r.Kind != audit.Order || r.Detail["payment"] == "" {
			t.Errorf("%+v", r)
		}
	}
	if detail := records[2].Detail; detail["refund"] != refund || detail["amount"] != part.String() {
		t.Errorf("%v", detail)
	}
	expectChanges(t, pool, declined, audit.PaymentDeclined)
	expectChanges(t, pool, voided, audit.PaymentAuthorized, audit.PaymentVoided)
	// A void before the first authorization prevents it.
	void := expectChanges(t, pool, barred, audit.PaymentVoided)[0]
	if amount, ok := void.Detail["amount"]; ok || void.Actor.ID != "boss" || void.Detail["payment"] == "" {
		t.Errorf("%+v, amount %q; want none, because nothing was held", void, amount)
	}
}

func TestChangesAtTheProviderAreInTheAuditLogAsTheProviders(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"by a webhook", "by asking, because the webhook is lost"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, _, c, pool := setupClock(t)
			order := authorizeBy(t, s, simulator.VoidedLater)
			c.pass(1)
			learn[how](t, s, pool, order)
			records := expectChanges(t, pool, order, audit.PaymentAuthorized, audit.PaymentVoided)
			if records[1].Actor != audit.PaymentProvider || records[0].Actor == audit.PaymentProvider {
				t.Errorf("%+v", records)
			}
		})
	}
}
