package payments_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/pgfeed"
	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// restOf returns how long the only payment is left alone now, or -1 if it is never asked about again.
func restOf(t *testing.T, pool *pgxpool.Pool) (rest time.Duration) {
	t.Helper()
	err := pool.QueryRow(t.Context(), `SELECT CASE WHEN ask_at = 'infinity' THEN interval '-1 second' ELSE ask_at - now() END FROM payments`).Scan(&rest)
	if err != nil {
		t.Fatal(err)
	}
	return rest
}

func TestHowLongThePaymentIsLeftAlone(t *testing.T) {
	t.Parallel()
	const never = -time.Second
	for name, test := range map[string]struct {
		make        func(t *testing.T, s *payments.Service)
		age         string
		least, most time.Duration
	}{
		"just authorized":      {func(t *testing.T, s *payments.Service) { authorize(t, s) }, "0", 59 * time.Minute, time.Hour},
		"authorized yesterday": {func(t *testing.T, s *payments.Service) { authorize(t, s) }, "1 day", 5 * time.Hour, 6 * time.Hour},
		"just captured":        {func(t *testing.T, s *payments.Service) { capture(t, s) }, "0", 59 * time.Minute, time.Hour},
		"captured last week":   {func(t *testing.T, s *payments.Service) { capture(t, s) }, "5 days", 119 * time.Hour, 121 * time.Hour},
		"captured long ago":    {func(t *testing.T, s *payments.Service) { capture(t, s) }, "61 days", never, never},
		"just voided":          {func(t *testing.T, s *payments.Service) { must(t, s.Void(t.Context(), authorize(t, s))) }, "0", 58 * time.Second, time.Minute},
		"voided an hour ago":   {func(t *testing.T, s *payments.Service) { must(t, s.Void(t.Context(), authorize(t, s))) }, "1 hour", 59 * time.Minute, 61 * time.Minute},
		"voided long ago":      {func(t *testing.T, s *payments.Service) { must(t, s.Void(t.Context(), authorize(t, s))) }, "25 hours", never, never},
		"barred":               {func(t *testing.T, s *payments.Service) { must(t, s.Void(t.Context(), uuid.NewString())) }, "0", never, never},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, pool := setup(t)
			test.make(t, s)
			if _, err := pool.Exec(t.Context(), `UPDATE payments SET updated_at = now() - $1::text::interval`, test.age); err != nil {
				t.Fatal(err)
			}
			must(t, follow(t, s, pool))
			if rest := restOf(t, pool); rest < test.least || rest > test.most {
				t.Errorf("left alone for %s, want %s to %s", rest, test.least, test.most)
			}
		})
	}
}

func TestReplicasShareThePaymentsThatAreDue(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	const orders = 230 // more than two batches
	for range orders {
		authorize(t, s)
	}
	counted := &lookups{Provider: provider.Provider, of: map[string]int{}}
	s = newService(pool, counted)
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = now()`); err != nil {
		t.Fatal(err)
	}
	var replicas sync.WaitGroup
	for range 4 {
		replicas.Go(func() {
			if err := s.Follow(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	replicas.Wait()
	if len(counted.of) != orders {
		t.Errorf("asked about %d payments, want %d", len(counted.of), orders)
	}
	for reference, n := range counted.of {
		if n != 1 {
			t.Errorf("asked %d times about %s", n, reference)
		}
	}
}

// lookups counts how often a provider is asked about each payment.
type lookups struct {
	payments.Provider
	mu sync.Mutex
	of map[string]int
}

func (l *lookups) Lookup(ctx context.Context, p payments.Payment) (payments.Standing, error) {
	l.mu.Lock()
	l.of[p.Reference]++
	l.mu.Unlock()
	return l.Provider.Lookup(ctx, p)
}

func TestAPaymentThatCannotBeAskedAboutHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	s, provider, c, pool := setupClock(t)
	orders := []string{authorizeBy(t, s, simulator.VoidedLater), authorizeBy(t, s, simulator.VoidedLater)}
	c.pass(1)
	provider.lookup = func(func() error) error { return payments.ErrOutcomeUnknown }
	if err := follow(t, s, pool); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("follow: %v, want to hear of it", err)
	}
	found, err := s.Details(t.Context(), orders)
	if err != nil || (found[0].Status == payments.Voided) == (found[1].Status == payments.Voided) {
		t.Errorf("%+v, %v; want one voided", found, err)
	}
	must(t, follow(t, s, pool))
	if found, err = s.Details(t.Context(), orders); err != nil || found[0].Status != payments.Voided || found[1].Status != payments.Voided {
		t.Errorf("the next time: %+v, %v; want both voided", found, err)
	}
}

// Payments that are older than the column ask_at: the open ones are asked about, and the others never.
func TestPaymentsOfTheVersionBeforeAreAskedAboutWhileTheyAreOpen(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	authorize(t, s)
	capture(t, s)
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = '-infinity'`); err != nil {
		t.Fatal(err)
	}
	must(t, s.Follow(t.Context()))
	var asked []string
	err := pool.QueryRow(t.Context(), `SELECT array_agg(status) FROM payments WHERE ask_at > now()`).Scan(&asked)
	if err != nil || fmt.Sprint(asked) != "[authorized]" {
		t.Errorf("asked about %v, %v; want the open one", asked, err)
	}
}

func TestAPaymentThatIsOlderThanTheScheduleIsDueSinceItsLastChange(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	authorize(t, s)
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = '-infinity', updated_at = now() - interval '1 hour'`); err != nil {
		t.Fatal(err)
	}
	var waiting int
	var oldest *time.Time
	must(t, pool.QueryRow(t.Context(), postgres.DuePayments.SQL).Scan(&waiting, &oldest))
	if waiting != 1 || oldest == nil || time.Since(*oldest).Round(time.Minute) != time.Hour {
		t.Errorf("%d are due, the oldest since %v; want one for an hour", waiting, oldest)
	}
}

// A round with many payments, of which none is due.
func TestPaymentsThatDoNotChangeCostNothing(t *testing.T) {
	t.Parallel()
	const many = 30_000
	_, _, pool := setup(t)
	if _, err := pool.Exec(t.Context(), `INSERT INTO payments (id, order_id, reference, method, status, amount, currency, ask_at)
		SELECT gen_random_uuid(), gen_random_uuid(), 'souk-' || i, 'pm_card_visa', (ARRAY['authorized', 'captured'])[1 + i % 2], 1, 'GBP',
			CASE i % 3 WHEN 0 THEN timestamptz 'infinity' WHEN 1 THEN '-infinity' ELSE now() + interval '1 hour' END
		FROM generate_series(1, $1::int) i`, many); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = now() + interval '1 hour' WHERE status = 'authorized' AND ask_at = '-infinity'`); err != nil {
		t.Fatal(err)
	}
	if _, err := pool.Exec(t.Context(), `VACUUM ANALYZE payments`); err != nil {
		t.Fatal(err)
	}
	round := func(single *pgxpool.Pool, position string) string {
		t.Helper()
		must(t, newService(single, nil).Follow(t.Context()))
		news, err := pgfeed.New(single, "payments", "order_id").Page(t.Context(), position, 0)
		must(t, err)
		return news.Position
	}
	position := round(pool, "")
	spent := pgtest.Measure(t, pool, func(single *pgxpool.Pool) { round(single, position) })
	t.Logf("measured: a round with %d payments writes %d rows and reads %d blocks", many, spent.Rows, spent.Blocks)
	if spent.Rows != 0 || spent.Blocks > 50 {
		t.Errorf("%+v", spent)
	}
}

// setBack makes the only payment, and its refunds, older.
func setBack(t *testing.T, pool *pgxpool.Pool, by string) {
	t.Helper()
	for _, table := range []string{"payments", "refunds"} {
		if _, err := pool.Exec(t.Context(), `UPDATE `+table+` SET created_at = created_at - $1::text::interval`, by); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAnOutcomeThatIsUnknownForADayNeedsAPerson(t *testing.T) {
	t.Parallel()
	away := func(func() error) error { return payments.ErrOutcomeUnknown }
	for name, test := range map[string]struct {
		lookup func(call func() error) error
		failed bool
	}{"the provider does not know it": {nil, false}, "the provider is away": {away, true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, provider, pool := setupHooked(t)
			order := uuid.NewString()
			provider.authorize = away
			if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); !errors.Is(err, payments.ErrOutcomeUnknown) {
				t.Fatal(err)
			}
			attention := func() payments.Attention {
				t.Helper()
				provider.lookup = test.lookup
				if err := follow(t, s, pool); (err != nil) != test.failed {
					t.Fatalf("follow: %v", err)
				}
				p, err := s.Payment(t.Context(), order)
				must(t, err)
				return p.Attention
			}
			setBack(t, pool, "23 hours")
			if got := attention(); got != "" {
				t.Errorf("after 23 hours: %q", got)
			}
			setBack(t, pool, "2 hours")
			if got := attention(); got != payments.OutcomeUnknown {
				t.Errorf("after a day: %q", got)
			}
			if p, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil || p.Status != payments.Authorized || p.Attention != "" {
				t.Errorf("once it is known: %+v, %v; want it authorized, and nobody needed", p, err)
			}
		})
	}
}

func TestARefundThatIsUnknownForADayNeedsAPerson(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order, id := capture(t, s), uuid.NewString()
	provider.refund = func(func() error) error { return payments.ErrOutcomeUnknown }
	if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	if rest := restOf(t, pool); rest > time.Minute {
		t.Errorf("asked about in %s, want a minute at most", rest)
	}
	setBack(t, pool, "25 hours")
	must(t, follow(t, s, pool))
	if p, err := s.Payment(t.Context(), order); err != nil || p.Attention != payments.OutcomeUnknown {
		t.Errorf("%q, %v; want a person", p.Attention, err)
	}
	if _, err := s.Refund(t.Context(), order, id, price); err != nil {
		t.Fatal(err)
	}
	must(t, follow(t, s, pool))
	if p, err := s.Payment(t.Context(), order); err != nil || p.Attention != "" || p.Refunded != price {
		t.Errorf("once it is known: %+v, %v; want nobody needed", p, err)
	}
}

// The provider did what it was asked after it was asked again, or somebody took the money in its dashboard.
func TestMoneyThatIsHeldOrTakenAfterTheEndIsLetGoOrNeedsAPerson(t *testing.T) {
	t.Parallel()
	for _, taken := range []bool{false, true} {
		s, provider, pool := setupHooked(t)
		order := uuid.NewString()
		provider.authorize = func(func() error) error { return payments.ErrOutcomeUnknown }
		if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); !errors.Is(err, payments.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		provider.void = func(func() error) error { return payments.ErrNotFound }
		must(t, s.Void(t.Context(), order))
		if rest := restOf(t, pool); rest > time.Minute {
			t.Errorf("asked about in %s, want a minute at most", rest)
		}
		n := networkOf(pool, order)
		if _, err := n.Authorize(t.Context(), n.payment); err != nil {
			t.Fatal(err)
		}
		if taken {
			n.mustCapture(t)
		}
		must(t, follow(t, s, pool))
		b := onlyBooks(t, s)
		if b.Payment.Status != payments.Voided || b.Provider.Open != pence(0) || (b.Payment.Attention == payments.ProviderDiffers) != taken {
			t.Errorf("taken %t: %+v, at the provider %+v", taken, b.Payment, b.Provider)
		}
	}
}

// The message about a void may be here before its answer, or instead of it.
func TestAVoidThatOrdersAskedForIsRequestedWhoeverTells(t *testing.T) {
	t.Parallel()
	for _, lost := range []error{nil, payments.ErrOutcomeUnknown} {
		s, provider, _ := setupHooked(t)
		order := authorize(t, s)
		provider.void = func(call func() error) error {
			err := call()
			deliver(t, s, "payment.voided", order)
			return errors.Join(err, lost)
		}
		if err := s.Void(t.Context(), order); !errors.Is(err, lost) {
			t.Errorf("void: %v, want %v", err, lost)
		}
		if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Voided || p.VoidReason != payments.VoidRequested {
			t.Errorf("%s as %s, %v; want it voided as requested", p.Status, p.VoidReason, err)
		}
	}
}

// A refund in the dashboard waits for the outcome of ours, and follows then.
func TestARefundThatDoesNotFitIsBookedOnceItDoes(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order, lost := capture(t, s), uuid.NewString()
	provider.refund = func(func() error) error { return payments.ErrOutcomeUnknown }
	if _, err := s.Refund(t.Context(), order, lost, price); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatal(err)
	}
	n := networkOf(pool, order)
	if _, err := n.Refund(t.Context(), n.payment, payments.Refund{Reference: "re_by_hand", Amount: pence(30)}); err != nil {
		t.Fatal(err)
	}
	deliver(t, s, "payment.refunded", order)
	if p, err := s.Payment(t.Context(), order); err != nil || p.Attention != payments.ProviderDiffers || p.Refunded != pence(0) {
		t.Errorf("%+v, %v; want a person", p, err)
	}
	if _, err := s.Refund(t.Context(), order, lost, price); !errors.Is(err, payments.ErrRefundFailed) {
		t.Errorf("the lost one: %v, want ErrRefundFailed", err)
	}
	if p, err := s.Payment(t.Context(), order); err != nil || p.Attention != "" || p.Refunded != pence(30) {
		t.Errorf("%+v, %v; want 0.30 refunded, and nobody needed", p, err)
	}
}

// The provider lists its refunds in any order. One that has failed makes room for the other.
func TestARefundThatFailedMakesRoomForAnotherAtOnce(t *testing.T) {
	t.Parallel()
	s, _, pool := setup(t)
	order := capture(t, s)
	if _, err := s.Refund(t.Context(), order, uuid.NewString(), price); err != nil {
		t.Fatal(err)
	}
	// The dashboard's is listed first.
	for _, statement := range []string{
		`INSERT INTO simulator.refunds (reference, payment, amount, status) SELECT 're_1', payment, amount, 'succeeded' FROM simulator.refunds`,
		`UPDATE simulator.refunds SET status = 'failed' WHERE reference <> 're_1'`,
	} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	deliver(t, s, "payment.refunded", order)
	if b := onlyBooks(t, s); b.Refunded != price || b.Payment.Attention != "" || b.UnbalancedMovements != 0 {
		t.Errorf("%+v, want the other refund booked, and nobody needed", b)
	}
}

// The simulated network knows that a refund will be made in its dashboard a day after the capture, and its day is short.
func TestTheProviderIsAskedWhenItExpectsNewsOfACapture(t *testing.T) {
	t.Parallel()
	const day = time.Minute
	pool := pgtest.New(t, postgres.Migrations)
	s := newService(pool, simulator.New(pool, simulator.Config{Day: day}))
	order := authorizeBy(t, s, simulator.RefundedLater)
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	var askAt time.Time
	if err := pool.QueryRow(t.Context(), "SELECT ask_at FROM payments WHERE order_id = $1", order).Scan(&askAt); err != nil {
		t.Fatal(err)
	}
	if wait := time.Until(askAt); wait > 2*day {
		t.Errorf("asked in %v, want %v", wait, day)
	}
}
