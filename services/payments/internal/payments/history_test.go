package payments_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// faulty is a provider of whose calls some fail before they have an effect, and of some of which the answer is lost. Which ones, follows
// from the seed and from how often the provider was called about the reference.
type faulty struct {
	payments.Provider
	seed uint64
	// quiet has no call fail.
	quiet bool

	mu    sync.Mutex // Follow asks about several payments at once
	calls map[string]int
}

func (f *faulty) fails(reference string, call func() error) error {
	if f.quiet {
		return call()
	}
	f.mu.Lock()
	f.calls[reference]++
	digest := fnv.New64a()
	_, _ = fmt.Fprint(digest, f.seed, reference, f.calls[reference])
	f.mu.Unlock()
	switch digest.Sum64() % 40 {
	case 0, 1, 2, 3:
		return payments.ErrOutcomeUnknown
	case 4, 5, 6, 7:
		return errors.Join(call(), payments.ErrOutcomeUnknown)
	case 8:
		return errors.New("busy")
	default:
		return call()
	}
}

func (f *faulty) Authorize(ctx context.Context, p payments.Payment) (answer payments.Authorization, err error) {
	err = f.fails(p.Reference, func() error { answer, err = f.Provider.Authorize(ctx, p); return err })
	return answer, err
}

func (f *faulty) Capture(ctx context.Context, p payments.Payment) (askAt time.Time, err error) {
	err = f.fails(p.Reference, func() error { askAt, err = f.Provider.Capture(ctx, p); return err })
	return askAt, err
}

func (f *faulty) Void(ctx context.Context, p payments.Payment) error {
	return f.fails(p.Reference, func() error { return f.Provider.Void(ctx, p) })
}

func (f *faulty) Lookup(ctx context.Context, p payments.Payment) (answer payments.Standing, err error) {
	err = f.fails(p.Reference, func() error { answer, err = f.Provider.Lookup(ctx, p); return err })
	return answer, err
}

func (f *faulty) Refund(ctx context.Context, p payments.Payment, r payments.Refund) (answer payments.Refund, err error) {
	err = f.fails(p.Reference, func() error { answer, err = f.Provider.Refund(ctx, p, r); return err })
	return answer, err
}

func (f *faulty) Refunds(ctx context.Context, p payments.Payment) (answer []payments.Refund, err error) {
	err = f.fails(p.Reference, func() error { answer, err = f.Provider.Refunds(ctx, p); return err })
	return answer, err
}

// story is a shop to which things happen at random.
type story struct {
	*payments.Service
	ctx     context.Context
	pool    *pgxpool.Pool
	clock   *clock
	dice    *rand.Rand
	network *simulator.Simulator
	orders  []string
}

var storyMethods = []string{
	simulator.Visa, simulator.Visa, simulator.CardDeclined, simulator.Timeout, simulator.Expires, simulator.VoidedLater,
	simulator.CapturedLater, simulator.RefundedLater, simulator.RefundFails,
}

// order draws one of the latest, of which something may still become.
func (s *story) order() string {
	latest := s.orders[max(0, len(s.orders)-20):]
	return latest[s.dice.IntN(len(latest))]
}

// id returns an id that follows from the seed.
func (s *story) id() string {
	return uuid.UUID(binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, s.dice.Uint64()), s.dice.Uint64())).String()
}

// there returns the payment of an order, to do something with it at the network.
func (s *story) there() (payments.Payment, error) { return s.Payment(s.ctx, s.order()) }

func (s *story) webhook() error {
	payload := message(s.id(), "payment.captured", s.order())
	return s.HandleWebhook(s.ctx, "simulator", payload, webhookSecret.Sign(payload, time.Now()))
}

// events are the kinds of things that happen.
func (s *story) events() map[string]func() error {
	amount := func() int64 { return 1 + s.dice.Int64N(price.Amount) }
	return map[string]func() error{
		"authorize": func() error {
			s.orders = append(s.orders, s.id())
			_, err := s.Authorize(s.ctx, s.orders[len(s.orders)-1], price, storyMethods[s.dice.IntN(len(storyMethods))])
			return err
		},
		"authorize again": func() error {
			p, err := s.there()
			if err == nil {
				_, err = s.Authorize(s.ctx, p.OrderID, price, p.Method)
			}
			return err
		},
		"capture": func() error { _, err := s.Capture(s.ctx, s.order()); return err },
		"void":    func() error { return s.Void(s.ctx, s.order()) },
		"refund":  func() error { _, err := s.Refund(s.ctx, s.order(), s.id(), pence(amount())); return err },
		"capture in the dashboard": func() error {
			p, err := s.there()
			if err == nil {
				_, err = s.network.Capture(s.ctx, p)
			}
			return err
		},
		"capture a part in the dashboard": func() error {
			p, err := s.there()
			if err == nil {
				_, err = s.pool.Exec(s.ctx, `UPDATE simulator.authorizations SET status = 'captured', amount = $2
					WHERE reference = $1 AND status = 'authorized'`, p.Reference, amount())
			}
			return err
		},
		"void in the dashboard": func() error {
			p, err := s.there()
			if err == nil {
				_, err = s.pool.Exec(s.ctx, `UPDATE simulator.authorizations SET status = 'voided' WHERE reference = $1 AND status = 'authorized'`, p.Reference)
			}
			return err
		},
		"refund in the dashboard": func() error {
			p, err := s.there()
			if err == nil {
				_, err = s.network.Refund(s.ctx, p, payments.Refund{Reference: "re_" + s.id(), Amount: pence(amount())})
			}
			return err
		},
		"a bank sends a refund back": func() error {
			_, err := s.pool.Exec(s.ctx, `UPDATE simulator.refunds SET status = 'failed' WHERE reference =
				(SELECT reference FROM simulator.refunds WHERE status = 'succeeded' ORDER BY md5(reference || $1::bigint) LIMIT 1)`, s.dice.Int64())
			return err
		},
		"a message":       s.webhook,
		"half a day goes": func() error { s.clock.ahead.Add(int64(12 * time.Hour)); return nil },
		"a round of questions": func() error {
			if _, err := s.pool.Exec(s.ctx, `UPDATE payments SET ask_at = now() WHERE ask_at < 'infinity' AND order_id = ANY($1::uuid[])`,
				s.orders[max(0, len(s.orders)-20):]); err != nil {
				return err
			}
			return s.Follow(s.ctx)
		},
	}
}

// wrong counts what must never be: movements that do not balance, a ledger that is off, and rows that say other than the ledger.
const wrong = `SELECT
	(SELECT count(*) FROM (SELECT FROM ledger_entries GROUP BY payment_id, movement, refund_id HAVING sum(amount) <> 0) m),
	(SELECT coalesce(sum(amount), 0)::bigint FROM ledger_entries),
	(SELECT count(*) FROM payments p CROSS JOIN LATERAL (SELECT
		coalesce(sum(amount) FILTER (WHERE account = 'authorization_holds'), 0) AS open,
		coalesce(-sum(amount) FILTER (WHERE account = 'sales'), 0) AS captured,
		coalesce(sum(amount) FILTER (WHERE account = 'refunds'), 0) AS refunded FROM ledger_entries WHERE payment_id = p.id) l
		WHERE l.open <> CASE p.status WHEN 'authorized' THEN p.amount ELSE 0 END
			OR l.captured <> CASE p.status WHEN 'captured' THEN coalesce(nullif(p.captured_part, 0), p.amount) ELSE 0 END
			OR l.refunded <> p.refunded OR l.refunded > l.captured
			OR l.refunded <> (SELECT coalesce(sum(amount), 0) FROM refunds WHERE payment_id = p.id AND status = 'succeeded'))`

func (s *story) check(t *testing.T) {
	t.Helper()
	var unbalanced, off, differ int64
	if err := s.pool.QueryRow(s.ctx, wrong).Scan(&unbalanced, &off, &differ); err != nil || unbalanced+off+differ != 0 {
		t.Fatalf("%d movements do not balance, the ledger is off by %d, %d payments are not what the ledger says, %v", unbalanced, off, differ, err)
	}
}

// settle asks for everything again whose outcome is unknown, and has our books follow the provider's for the last time.
func (s *story) settle(t *testing.T) {
	t.Helper()
	for _, order := range s.orders {
		p, err := s.Payment(s.ctx, order)
		must(t, err)
		for range 2 { // some answers are lost the first time
			if p.Status == payments.Pending {
				_, err = s.Authorize(s.ctx, order, price, p.Method)
			}
		}
		must(t, err)
		d, err := s.Detail(s.ctx, order)
		must(t, err)
		for _, r := range d.Refunds {
			if r.Status == payments.RefundPending {
				_, _ = s.Refund(s.ctx, order, r.ID, r.Amount)
				if _, err := s.Refund(s.ctx, order, r.ID, r.Amount); err != nil && !errors.Is(err, payments.ErrRefundFailed) {
					t.Fatal(err)
				}
			}
		}
	}
	_, err := s.pool.Exec(s.ctx, `UPDATE payments SET ask_at = now() WHERE method <> ''`)
	must(t, err)
	must(t, s.Follow(s.ctx))
}

// compare checks that our books are the provider's.
func (s *story) compare(t *testing.T) (ends map[payments.Status]int) {
	t.Helper()
	ends = map[payments.Status]int{}
	for query := (payments.BooksQuery{Limit: 1000, WithProvider: true}); ; {
		books, next, err := s.Books(s.ctx, query)
		must(t, err)
		for _, b := range books {
			ends[b.Payment.Status]++
			ours := payments.ProviderBooks{Open: b.Open, Captured: b.Captured, Refunded: b.Refunded}
			if b.Provider != nil && *b.Provider != ours || b.Payment.Attention != "" {
				t.Errorf("order %s, %s by %s: ours %v, the provider's %v, attention %q",
					b.Payment.OrderID, b.Payment.Status, b.Payment.Method, ours, b.Provider, b.Payment.Attention)
			}
		}
		if query.After = next; next == "" {
			return ends
		}
	}
}

// answers are the errors that calls may end with.
var answers = []error{
	payments.ErrOutcomeUnknown, payments.ErrProviderUnavailable, payments.ErrNotAuthorized, payments.ErrAlreadyCaptured,
	payments.ErrNotCaptured, payments.ErrRefundTooLarge, payments.ErrRefundFailed,
}

// Each kind of event happens 200 times, in random order, and some calls of the provider fail. The ledger balances all the time, and at
// last says what the provider's books say. SOUK_SEED is another history.
func TestTheLedgerBalancesInARandomHistory(t *testing.T) {
	t.Parallel()
	const times = 200
	seed, err := strconv.ParseUint(cmp.Or(os.Getenv("SOUK_SEED"), "1"), 10, 64)
	must(t, err)
	dice := rand.New(rand.NewPCG(seed, 0))
	pool, c := pgtest.New(t, postgres.Migrations), &clock{}
	network := simulator.New(pool, simulator.Config{Now: c.now})
	provider := &faulty{Provider: network, seed: seed, calls: map[string]int{}}
	s := &story{Service: newService(pool, provider), ctx: t.Context(), pool: pool, clock: c, dice: dice, network: network}
	kinds := s.events()
	history := slices.Repeat(slices.Sorted(maps.Keys(kinds)), times)
	dice.Shuffle(len(history), func(i, j int) { history[i], history[j] = history[j], history[i] })
	first := slices.Index(history, "authorize")
	history[0], history[first] = history[first], history[0]
	for i, kind := range history {
		err := kinds[kind]()
		if err != nil && !slices.ContainsFunc(answers, func(answer error) bool { return errors.Is(err, answer) }) {
			t.Fatalf("SOUK_SEED=%d, event %d, %s: %v", seed, i, kind, err)
		}
		if i%20 == 0 {
			s.check(t)
		}
	}
	provider.quiet = true
	s.settle(t)
	s.check(t)
	ends := s.compare(t)
	t.Logf("measured: %d events of seed %d, payments at last %v", len(history), seed, ends)
	if ends[payments.Captured] == 0 || ends[payments.Voided] == 0 || ends[payments.Pending] > 0 {
		t.Errorf("payments at last %v", ends)
	}
}
