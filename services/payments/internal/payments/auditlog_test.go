package payments_test

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/audit"
	"souk/platform/money"
	"souk/platform/pgaudit"
	"souk/platform/security"

	"souk/services/payments/internal/payments"
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

// Of each request, the answer is lost. Then payments learns that it had its effect.
func TestARequestWhoseAnswerWasLostIsInTheAuditLogAsItsCallers(t *testing.T) {
	t.Parallel()
	staff := audit.Actor{Kind: audit.Staff, ID: "boss", Service: "orders", Address: "192.0.2.0/24"}
	lost := func(call func() error) error { return errors.Join(call(), payments.ErrOutcomeUnknown) }
	for name, test := range map[string]struct {
		prepare func(t *testing.T, s *payments.Service) (order string)
		lose    func(ctx context.Context, s *payments.Service, h *hooked, order string) error
		want    audit.Action
	}{
		"authorization": {func(*testing.T, *payments.Service) string { return uuid.NewString() },
			func(ctx context.Context, s *payments.Service, h *hooked, order string) error {
				h.authorize = lost
				_, err := s.Authorize(ctx, order, price, simulator.Visa)
				return err
			}, audit.PaymentAuthorized},
		"capture": {authorize, func(ctx context.Context, s *payments.Service, h *hooked, order string) error {
			h.capture = lost
			_, err := s.Capture(ctx, order)
			return err
		}, audit.PaymentCaptured},
		"void": {authorize, func(ctx context.Context, s *payments.Service, h *hooked, order string) error {
			h.void = lost
			return s.Void(ctx, order)
		}, audit.PaymentVoided},
		"refund": {capture, func(ctx context.Context, s *payments.Service, h *hooked, order string) error {
			h.refund = lost
			_, err := s.Refund(ctx, order, uuid.NewString(), pence(100))
			return err
		}, audit.RefundSucceeded},
	} {
		for how, find := range map[string]func(*testing.T, *payments.Service, *pgxpool.Pool, string){
			"by a webhook": func(t *testing.T, s *payments.Service, _ *pgxpool.Pool, order string) {
				deliver(t, s, "payment.captured", order)
			},
			"by asking": func(t *testing.T, s *payments.Service, pool *pgxpool.Pool, _ string) {
				_, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = now()`)
				must(t, err)
				must(t, s.Follow(t.Context()))
			},
		} {
			t.Run(name+", found "+how, func(t *testing.T) {
				t.Parallel()
				s, provider, pool := setupHooked(t)
				order := test.prepare(t, s)
				ctx := security.WithActor(t.Context(), security.Actor{Service: "orders", Customer: staff.ID, Staff: true, Address: staff.Address})
				if err := test.lose(ctx, s, provider, order); !errors.Is(err, payments.ErrOutcomeUnknown) {
					t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
				}
				find(t, s, pool, order)
				records := changesOf(t, pool, order)
				if last := records[len(records)-1]; last.Action != test.want || last.Actor != staff {
					t.Errorf("%s by %+v, want %s by %+v", last.Action, last.Actor, test.want, staff)
				}
				var left int
				must(t, pool.QueryRow(t.Context(), `SELECT count(payments.asked) + count(refunds.asked) FROM payments
					LEFT JOIN refunds ON payment_id = payments.id`).Scan(&left))
				if left != 0 {
					t.Error("it is still stored who asked, although there is an answer")
				}
			})
		}
	}
}

// Somebody captures a part at the provider, and then a capture of the whole is refused.
func TestAChangeAtTheProviderIsTheProvidersEvenIfWeAskedForAnother(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := authorize(t, s)
	provider.capture = func(func() error) error { return payments.ErrOutcomeUnknown } // it never arrived
	if _, err := s.Capture(t.Context(), order); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	_, err := pool.Exec(t.Context(), `UPDATE simulator.authorizations SET status = 'captured', amount = 5`)
	must(t, err)
	if p, err := s.Capture(t.Context(), order); err != nil || p.CapturedAmount() != pence(5) {
		t.Fatal(p.CapturedAmount(), err)
	}
	records := expectChanges(t, pool, order, audit.PaymentAuthorized, audit.PaymentCaptured)
	if records[1].Actor != audit.PaymentProvider {
		t.Errorf("%+v", records[1])
	}
}
