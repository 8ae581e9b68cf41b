package payments_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// clock is the simulated network's.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time { return time.Now().Add(time.Duration(c.ahead.Load())) }

// pass lets days go by.
func (c *clock) pass(days int) { c.ahead.Add(int64(time.Duration(days)*24*time.Hour + time.Second)) }

// setupClock returns a service whose provider's time can be moved.
func setupClock(t *testing.T) (*payments.Service, *hooked, *clock, *pgxpool.Pool) {
	t.Helper()
	pool, c := pgtest.New(t, postgres.Migrations), &clock{}
	provider := &hooked{Provider: simulator.New(pool, simulator.Config{Now: c.now})}
	return newService(pool, provider), provider, c, pool
}

// authorizeBy makes an authorized payment of price.
func authorizeBy(t *testing.T, s *payments.Service, method string) (order string) {
	t.Helper()
	order = uuid.NewString()
	if p, err := s.Authorize(t.Context(), order, price, method); err != nil || p.Status != payments.Authorized {
		t.Fatalf("authorize: %s, %v", p.Status, err)
	}
	return order
}

// follow has the service ask about every payment that it is to ask about at any time.
func follow(t *testing.T, s *payments.Service, pool *pgxpool.Pool) error {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = now() WHERE ask_at < 'infinity'`); err != nil {
		t.Fatal(err)
	}
	return s.Follow(t.Context())
}

// learn are the ways in which payments learns what happened at the provider.
var learn = map[string]func(t *testing.T, s *payments.Service, pool *pgxpool.Pool, order string){
	"by a webhook": func(t *testing.T, s *payments.Service, _ *pgxpool.Pool, order string) {
		t.Helper()
		deliver(t, s, "payment.voided", order)
	},
	"by asking, because the webhook is lost": func(t *testing.T, s *payments.Service, pool *pgxpool.Pool, _ string) {
		t.Helper()
		must(t, follow(t, s, pool))
	},
	"from the answers to calls": func(*testing.T, *payments.Service, *pgxpool.Pool, string) {},
}

func TestAnAuthorizationThatEndsAtTheProviderIsVoidedHere(t *testing.T) {
	t.Parallel()
	for method, want := range map[string]struct {
		days   int
		reason payments.VoidReason
	}{
		simulator.Expires:     {7, payments.VoidExpired},
		simulator.VoidedLater: {1, payments.VoidAtProvider},
	} {
		for name, learns := range learn {
			t.Run(method+" "+name, func(t *testing.T) {
				t.Parallel()
				s, _, c, pool := setupClock(t)
				order := authorizeBy(t, s, method)
				must(t, follow(t, s, pool))
				if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Authorized {
					t.Fatalf("before: %s, %v; want authorized", p.Status, err)
				}
				c.pass(want.days)
				learns(t, s, pool, order)
				if _, err := s.Capture(t.Context(), order); !errors.Is(err, payments.ErrNotAuthorized) {
					t.Errorf("capture: %v, want ErrNotAuthorized", err)
				}
				b := onlyBooks(t, s)
				if p := b.Payment; p.Status != payments.Voided || p.VoidReason != want.reason || p.Attention != "" ||
					b.Voided != price || b.Open != pence(0) || b.UnbalancedMovements != 0 {
					t.Errorf("%+v, want it voided as %s", b, want.reason)
				}
				if err := s.Void(t.Context(), order); err != nil {
					t.Errorf("void: %v", err)
				}
				if _, err := s.Refund(t.Context(), order, uuid.NewString(), price); !errors.Is(err, payments.ErrNotCaptured) {
					t.Errorf("refund: %v, want ErrNotCaptured", err)
				}
				if p, err := s.Payment(t.Context(), order); err != nil || p.VoidReason != want.reason {
					t.Errorf("after the void: %s, %v; want still %s", p.VoidReason, err, want.reason)
				}
			})
		}
	}
}

func TestMoneyThatIsCapturedInTheDashboardIsCapturedHere(t *testing.T) {
	t.Parallel()
	for name, learns := range learn {
		for call, then := range map[string]func(t *testing.T, s *payments.Service, order string){
			"capture": func(t *testing.T, s *payments.Service, order string) {
				t.Helper()
				if p, err := s.Capture(t.Context(), order); err != nil || p.CapturedAmount() != price {
					t.Errorf("%v captured, %v; want all", p.CapturedAmount(), err)
				}
			},
			"void": func(t *testing.T, s *payments.Service, order string) {
				t.Helper()
				if err := s.Void(t.Context(), order); !errors.Is(err, payments.ErrAlreadyCaptured) {
					t.Errorf("%v, want ErrAlreadyCaptured", err)
				}
			},
			"refund": func(t *testing.T, s *payments.Service, order string) {
				t.Helper()
				if p, err := s.Refund(t.Context(), order, uuid.NewString(), price); err != nil || p.Refunded != price {
					t.Errorf("%v refunded, %v; want all", p.Refunded, err)
				}
			},
		} {
			t.Run(call+" "+name, func(t *testing.T) {
				t.Parallel()
				s, _, c, pool := setupClock(t)
				order := authorizeBy(t, s, simulator.CapturedLater)
				c.pass(1)
				learns(t, s, pool, order)
				for range 2 {
					then(t, s, order)
					if call == "refund" {
						break // a second one has nothing left
					}
				}
				b := onlyBooks(t, s)
				if b.Payment.Status != payments.Captured || b.Captured != price || b.Open != pence(0) || b.Refunded != b.Provider.Refunded || b.UnbalancedMovements != 0 {
					t.Errorf("%+v, want it captured", b)
				}
			})
		}
	}
}

func TestMoneyThatIsGivenBackInTheDashboardIsGivenBackHere(t *testing.T) {
	t.Parallel()
	for name, learns := range learn {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _, c, pool := setupClock(t)
			order := authorizeBy(t, s, simulator.RefundedLater)
			if _, err := s.Capture(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			c.pass(1)
			learns(t, s, pool, order)
			_, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1))
			if !errors.Is(err, payments.ErrRefundTooLarge) && !errors.Is(err, payments.ErrRefundFailed) {
				t.Errorf("refund: %v, want it refused for good", err)
			}
			if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1)); !errors.Is(err, payments.ErrRefundTooLarge) {
				t.Errorf("another refund: %v, want ErrRefundTooLarge", err)
			}
			if b := onlyBooks(t, s); b.Refunded != price || b.Payment.Refunded != price || b.UnbalancedMovements != 0 {
				t.Errorf("%+v, want all refunded", b)
			}
		})
	}
}

func TestARefundThatFailsAtTheBankIsOwedAgain(t *testing.T) {
	t.Parallel()
	s, _, c, pool := setupClock(t)
	order, id := authorizeBy(t, s, simulator.RefundFails), uuid.NewString()
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	if p, err := s.Refund(t.Context(), order, id, price); err != nil || p.Refunded != price {
		t.Fatalf("refund: %v, %v", p.Refunded, err)
	}
	c.pass(1)
	must(t, follow(t, s, pool))
	d, err := s.Detail(t.Context(), order)
	if err != nil || d.Refunded != pence(0) || len(d.Refunds) != 1 || d.Refunds[0].Status != payments.RefundFailed || d.Refunds[0].Reason != "lost_or_stolen_card" {
		t.Fatalf("%+v, %v; want its refund failed, with the reason", d, err)
	}
	var entries, sum int
	err = pool.QueryRow(t.Context(), `SELECT count(*), sum(amount) FILTER (WHERE account = 'refunds') FROM ledger_entries WHERE refund_id = $1`, id).Scan(&entries, &sum)
	if b := onlyBooks(t, s); err != nil || entries != 4 || sum != 0 || b.Refunded != pence(0) || b.UnbalancedMovements != 0 {
		t.Errorf("%d entries that sum up to %d, %v, books %+v; want the refund's entries reversed", entries, sum, err, b)
	}
	if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrRefundFailed) {
		t.Errorf("the same refund: %v, want ErrRefundFailed", err)
	}
	if p, err := s.Refund(t.Context(), order, uuid.NewString(), price); err != nil || p.Refunded != price {
		t.Errorf("another refund of the amount: %v, %v; want it given back", p.Refunded, err)
	}
}

// The provider says when more is to be heard, so that nobody has to wait for the next round of questions.
func TestAPaymentIsAskedAboutWhenItsProviderSays(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	s := newService(pool, simulator.New(pool, simulator.Config{Day: 100 * time.Millisecond}))
	expires, refunds := authorizeBy(t, s, simulator.Expires), authorizeBy(t, s, simulator.RefundFails)
	if _, err := s.Capture(t.Context(), refunds); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Refund(t.Context(), refunds, uuid.NewString(), price); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		must(t, s.Follow(t.Context()))
		found, err := s.Details(t.Context(), []string{expires, refunds})
		if err != nil || len(found) != 2 {
			t.Fatalf("%d payments, %v", len(found), err)
		}
		if found[0].VoidReason == payments.VoidExpired && found[1].Refunded == pence(0) {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody asked in time: %+v", found)
		}
	}
}
