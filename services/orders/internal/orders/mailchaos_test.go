package orders_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"souk/platform/outage"
	"souk/testkit/inbox"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/outbox"
	"souk/services/orders/internal/postgres"
)

// SOUK_MAIL_ORDERS is the number of orders of TestEachEventIsMailedUnderChaos.
const mailOrders = "SOUK_MAIL_ORDERS"

// Orders are placed, cancelled, dispatched, delivered and returned, by processes that are killed at random. Three replicas send the mails,
// and are killed as well. The mail server is killed, paused, and refuses at random.
func TestEachEventIsMailedUnderChaos(t *testing.T) {
	t.Parallel()
	count, err := strconv.Atoi(cmp.Or(os.Getenv(mailOrders), "60"))
	if err != nil {
		t.Fatalf("%s: %v", mailOrders, err)
	}
	s := newShop(t)
	server := newMailServer(t)
	ctx, stop := context.WithCancel(t.Context())
	var chaos sync.WaitGroup
	defer chaos.Wait()
	defer stop()
	chaos.Go(func() { server.suffer(ctx, t) })
	for range 3 {
		chaos.Go(func() { s.sendAndDie(ctx, t, server.addr) })
	}
	s.manyLives(t, count)
	deadline := time.Now().Add(2*time.Minute + time.Duration(count)*100*time.Millisecond)
	for s.mailsWaiting(t) > 0 && time.Now().Before(deadline) {
		time.Sleep(100 * time.Millisecond)
	}
	stop()
	chaos.Wait()
	s.mustHaveMailed(t, server)
}

// address is that of a customer.
func address(customerID string) string { return customerID + "@example.com" }

// book knows the addresses of all customers.
type book struct{}

func (book) Email(_ context.Context, customerID string) (string, error) {
	return address(customerID), nil
}

// manyLives takes orders through their lives, some at once.
func (s *shop) manyLives(t *testing.T, count int) {
	t.Helper()
	numbers := make(chan int)
	var all sync.WaitGroup
	for range 6 {
		all.Go(func() {
			for n := range numbers {
				if err := s.live(t, n); err != nil {
					t.Errorf("order %d: %v", n, err)
				}
			}
		})
	}
	for n := range count {
		numbers <- n
	}
	close(numbers)
	all.Wait()
}

// live takes an order through its life: it is cancelled, delivered, or returned.
func (s *shop) live(t *testing.T, n int) error {
	own, req := newcomer(t, s.pool, s.settings, n, visa, 10)
	random := rand.New(rand.NewPCG(uint64(n), 2))
	strikes := func(string) bool { return random.IntN(12) == 0 }
	// survive does work in a process that may be killed. Then others finish what it has begun, and the caller asks again.
	survive := func(work func(ctx context.Context) error) error {
		own.killed(t, strikes, func(ctx context.Context) { _ = work(ctx) })
		own.killed(t, strikes, func(ctx context.Context) { _ = own.finish(ctx, req.CustomerID) })
		return errors.Join(own.finish(t.Context(), req.CustomerID), work(t.Context()))
	}
	var o order.View
	err := survive(func(ctx context.Context) error {
		placed, err := own.PlaceOrder(ctx, req)
		o = placed.Order
		return err
	})
	switch {
	case err != nil || o.Status != order.StatusConfirmed:
		return fmt.Errorf("place: the order is %s, %w", o.Status, err)
	case n%4 == 0:
		return survive(func(ctx context.Context) error { _, err := own.CancelOrder(ctx, req.CustomerID, o.ID); return err })
	}
	if err := survive(func(ctx context.Context) error { _, err := own.DispatchOrder(ctx, staff, o.ID); return err }); err != nil {
		return fmt.Errorf("dispatch: %w", err)
	}
	return own.arrive(t, o, n%4 == 1, survive)
}

// finish finishes the orders of a customer.
func (s *shop) finish(ctx context.Context, customerID string) error {
	page, err := s.ListOrders(ctx, orders.Query{Filter: order.Filter{CustomerID: customerID}})
	for _, o := range page.Orders {
		err = errors.Join(err, s.Advance(ctx, o.ID))
	}
	return err
}

// arrive delivers an order, and sends a mug back.
func (s *shop) arrive(t *testing.T, o order.View, goesBack bool, survive func(func(context.Context) error) error) error {
	found, err := s.store.Get(t.Context(), o.ID)
	if err != nil {
		return err
	}
	if _, err := found.RecordMoves([]order.Event{order.EventDelivered}); err != nil {
		return err
	}
	if _, err := s.store.Save(t.Context(), found); err != nil || !goesBack {
		return err
	}
	goods, err := s.RequestReturn(t.Context(), sendBack(o, "MUG", 1))
	if err != nil {
		return err
	}
	return survive(func(ctx context.Context) error { _, err := s.ReceiveReturn(ctx, received(goods)); return err })
}

// sendAndDie sends mails in one process after the other, each of which is killed.
func (s *shop) sendAndDie(ctx context.Context, t *testing.T, addr string) {
	waits := outbox.Waits{Lease: 5 * time.Second, First: 50 * time.Millisecond, Longest: time.Second}
	for ctx.Err() == nil {
		life, kill := context.WithCancel(ctx)
		process := &mortal{Store: postgres.New(s.pool, time.Minute)}
		mails := outbox.New(process, book{}, mailer(t, addr), waits, slog.New(slog.DiscardHandler))
		time.AfterFunc(time.Second+rand.N(4*time.Second), func() {
			process.dead.Store(true)
			kill()
		})
		for outage.Sleep(life, 20*time.Millisecond) {
			_ = mails.SendMails(life)
		}
		kill()
	}
}

// mailServer is an SMTP server that is killed and started again, is paused, and refuses for now what it is asked, all at random.
type mailServer struct {
	addr string
	// gate is locked while the server is paused.
	gate sync.RWMutex
	// lives are the servers so far. The last one may run.
	lives []*inbox.Inbox
	kills int
}

func newMailServer(t *testing.T) *mailServer {
	t.Helper()
	m := &mailServer{addr: "127.0.0.1:0"}
	if err := m.start(); err != nil {
		t.Fatal(err)
	}
	m.addr = m.lives[0].Addr()
	t.Cleanup(func() { _ = m.lives[len(m.lives)-1].Close() })
	return m
}

func (m *mailServer) start() error {
	b, err := inbox.Start(inbox.Config{Addr: m.addr, Keep: 1 << 20, Reply: func(string, string) error {
		m.gate.RLock()
		defer m.gate.RUnlock()
		if rand.IntN(20) == 0 {
			return inbox.Refusal(451, "later")
		}
		return nil
	}})
	if err == nil {
		m.lives = append(m.lives, b)
	}
	return err
}

// suffer kills and pauses the server until ctx is done, and leaves one that runs.
func (m *mailServer) suffer(ctx context.Context, t *testing.T) {
	for outage.Sleep(ctx, 200*time.Millisecond+rand.N(time.Second)) {
		if rand.IntN(2) == 0 {
			m.gate.Lock()
			outage.Sleep(ctx, rand.N(time.Second))
			m.gate.Unlock()
			continue
		}
		m.kills++
		_ = m.lives[len(m.lives)-1].Close()
		outage.Sleep(ctx, rand.N(500*time.Millisecond))
		if err := m.start(); err != nil {
			t.Errorf("start the mail server again: %v", err)
			return
		}
	}
}

// mustHaveMailed fails the test unless each event has its mail, under one id, and few have two.
func (s *shop) mustHaveMailed(t *testing.T, server *mailServer) {
	t.Helper()
	want := s.eventsToMail(t)
	copies := map[string]int{}
	total := 0
	for _, life := range server.lives {
		for _, m := range life.Mails() {
			total++
			copies[m.MessageID]++
			if want[m.MessageID] != m.To {
				t.Errorf("a mail %s to %s, want one to %q", m.MessageID, m.To, want[m.MessageID])
			}
		}
	}
	for id := range want {
		if copies[id] == 0 {
			t.Errorf("the mail %s is lost", id)
		}
	}
	more := total - len(copies)
	t.Logf("measured: %d events, %d mails, %d of them copies; the mail server was killed %d times", len(want), total, more, server.kills)
	if more*100 > max(len(want), 500) {
		t.Errorf("%d copies of %d mails are more than 1 %%", more, len(want))
	}
}

// eventsToMail returns the address for each event that is to be mailed, by the Message-ID.
func (s *shop) eventsToMail(t *testing.T) map[string]string {
	t.Helper()
	rows, err := s.pool.Query(t.Context(), "SELECT order_id::text, position, event, customer_id FROM timeline_entries JOIN orders ON id = order_id")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	var id, event, customerID string
	var position int
	_, err = pgx.ForEachRow(rows, []any{&id, &position, &event, &customerID}, func() error {
		if _, ok := order.Event(event).Mail(); ok {
			want[fmt.Sprintf("<%s.%d@example.com>", id, position)] = address(customerID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return want
}
