package orders_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"souk/platform/mail"
	"souk/testkit/inbox"

	"souk/services/orders/internal/letter"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/outbox"
	"souk/services/orders/internal/postgres"
)

// quick are waits for tests.
var quick = outbox.Waits{Lease: time.Minute, First: 10 * time.Millisecond, Longest: 10 * time.Millisecond}

// outbox returns the outbox of the shop, which sends to a server at an address.
func (s *shop) outbox(t *testing.T, addr string, logger *slog.Logger) *outbox.Outbox {
	t.Helper()
	return outbox.New(postgres.New(s.pool, time.Minute), s.world.Peers(s.world.carry).Customers, mailer(t, addr), quick, logger)
}

func mailer(t *testing.T, addr string) *letter.Mailer {
	t.Helper()
	sender, err := mail.New(mail.Config{Addr: addr, TLS: mail.Off, From: "Souk <shop@example.com>"})
	if err != nil {
		t.Fatal(err)
	}
	return letter.New(sender, "https://shop.example")
}

func newInbox(t *testing.T, cfg inbox.Config) *inbox.Inbox {
	t.Helper()
	b, err := inbox.Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// mailsWaiting counts the mails in the outbox.
func (s *shop) mailsWaiting(t *testing.T) (n int) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), "SELECT count(*) FROM mails").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// mustPlaceAnother places an order of another cart.
func (s *shop) mustPlaceAnother(t *testing.T) order.View {
	t.Helper()
	return s.mustPlaceOf(t, "another")
}

// mustPlaceOf places an order of the cart with a name.
func (s *shop) mustPlaceOf(t *testing.T, name string) order.View {
	t.Helper()
	req := buy(name, visa)
	req.CartID = name + " cart"
	s.world.mu.Lock()
	s.world.Carts.Lines[req.CartID] = []order.Item{{SKU: "MUG", Quantity: 1}}
	s.world.mu.Unlock()
	return s.mustPlace(t, req)
}

// makeMailsDue makes all mails due, as if time had passed.
func (s *shop) makeMailsDue(t *testing.T) {
	t.Helper()
	s.exec(t, "UPDATE mails SET due_at = now()")
}

func mustSend(t *testing.T, o *outbox.Outbox) {
	t.Helper()
	if err := o.SendMails(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestACustomerIsToldOfEachEventOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	mails := s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler))
	o := s.mustDeliver(t)
	if _, err := s.ReceiveReturn(t.Context(), received(s.mustReturn(t, sendBack(o, "MUG", 1)))); err != nil {
		t.Fatal(err)
	}
	cancelled := s.mustPlaceAnother(t)
	if _, err := s.CancelOrder(t.Context(), customer, cancelled.ID); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		mustSend(t, mails)
	}
	var got []string
	ids := map[string]bool{}
	for _, m := range b.To("sam@example.com") {
		got = append(got, m.Subject)
		ids[m.MessageID] = true
	}
	want := []string{
		"Your order " + o.Number + " is confirmed", "Your order " + o.Number + " is on its way", "Your order " + o.Number + " was delivered",
		"We have received your return", "Your refund for order " + o.Number,
		"Your order " + cancelled.Number + " is confirmed", "Your order " + cancelled.Number + " is cancelled",
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || len(ids) != len(want) || s.mailsWaiting(t) != 0 {
		t.Errorf("the mails are %q with %d ids, and %d wait; want %q", got, len(ids), s.mailsWaiting(t), want)
	}
	for i, entry := range s.mustGet(t, o.ID).Timeline {
		if _, mailed := entry.Event.Mail(); mailed != ids[fmt.Sprintf("<%s.%d@example.com>", o.ID, i+1)] {
			t.Errorf("%s: mailed under the id of the event: %t", entry.Event, !mailed)
		}
	}
}

func TestACheckoutDoesNotWaitForTheMailServer(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	silent := newInbox(t, inbox.Config{Reply: func(string, string) error {
		<-t.Context().Done()
		return nil
	}})
	sending, stop := context.WithCancel(t.Context())
	defer stop()
	mails := s.outbox(t, silent.Addr(), slog.New(slog.DiscardHandler))
	s.mustConfirm(t)
	go func() { _ = mails.SendMails(sending) }()
	eventually(t, "the mail is claimed", func() bool {
		var claimed bool
		err := s.pool.QueryRow(t.Context(), "SELECT due_at > now() FROM mails").Scan(&claimed)
		return err == nil && claimed
	})
	start := time.Now()
	s.mustPlaceAnother(t)
	if took := time.Since(start); took > time.Second {
		t.Errorf("a checkout took %v", took)
	}
}

func TestAMailWaitsWhileTheServerIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var away atomic.Bool
	away.Store(true)
	b := newInbox(t, inbox.Config{Reply: func(string, string) error {
		if away.Load() {
			return inbox.Refusal(451, "later, <sam@example.com>")
		}
		return nil
	}})
	var log strings.Builder
	mails := s.outbox(t, b.Addr(), slog.New(slog.NewTextHandler(&log, nil)))
	s.mustConfirm(t)
	for range 3 {
		mustSend(t, mails)
		s.makeMailsDue(t)
	}
	var attempts []outbox.Attempt
	if err := s.pool.QueryRow(t.Context(), "SELECT attempts FROM mails").Scan(&attempts); err != nil {
		t.Fatal(err)
	}
	if len(attempts) != 3 || !strings.Contains(attempts[2].Reason, "451") || strings.Contains(attempts[2].Reason, "sam") || attempts[2].At.IsZero() {
		t.Errorf("the attempts: %+v", attempts)
	}
	away.Store(false)
	mustSend(t, mails)
	if n := len(b.To("sam@example.com")); n != 1 || s.mailsWaiting(t) != 0 {
		t.Errorf("%d mails arrived, and %d wait", n, s.mailsWaiting(t))
	}
	if n := strings.Count(log.String(), "a mail could not be sent, and waits"); n != 3 || strings.Contains(log.String(), "sam@") {
		t.Errorf("%d lines: %s", n, log.String())
	}
}

func TestAMailWaitsWhileCustomersIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	mails := s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler))
	s.mustConfirm(t)
	s.world.failing("before get email")
	mustSend(t, mails)
	if n := len(b.Mails()); n != 0 || s.mailsWaiting(t) != 1 {
		t.Errorf("%d mails arrived, and %d wait", n, s.mailsWaiting(t))
	}
	s.world.failing()
	s.makeMailsDue(t)
	mustSend(t, mails)
	if n := len(b.To("sam@example.com")); n != 1 || s.mailsWaiting(t) != 0 {
		t.Errorf("%d mails arrived, and %d wait", n, s.mailsWaiting(t))
	}
}

func TestNobodyIsToldOfTheOrdersOfADeletedAccount(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	s.mustConfirm(t)
	delete(s.world.Emails, customer)
	mustSend(t, s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler)))
	if n := len(b.Mails()); n != 0 || s.mailsWaiting(t) != 0 {
		t.Errorf("%d mails arrived, and %d wait", n, s.mailsWaiting(t))
	}
}

func TestMailsThatAreDueTogetherShareConnections(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	const orders = 12
	s.world.Inventory.SetLeft("MUG", orders)
	for i := range orders {
		s.mustPlaceOf(t, fmt.Sprint("cart ", i))
	}
	mustSend(t, s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler)))
	subjects := map[string]bool{}
	for _, m := range b.Mails() {
		subjects[m.Subject] = true
	}
	if len(subjects) != orders || len(b.Mails()) != orders || b.Connections() != 2 || s.mailsWaiting(t) != 0 {
		t.Errorf("%d mails arrived over %d connections, about %d orders, and %d wait; want %d over 2", len(b.Mails()), b.Connections(), len(subjects), s.mailsWaiting(t), orders)
	}
}

func TestARefusedAddressIsMarkedUntilAMailArrives(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	var refused atomic.Bool
	refused.Store(true)
	b := newInbox(t, inbox.Config{Reply: func(command, _ string) error {
		if refused.Load() && command == "RCPT" {
			return inbox.Refusal(550, "no such mailbox: <sam@example.com>")
		}
		return nil
	}})
	mails := s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler))
	o := s.mustConfirm(t)
	marked := func() (is bool) {
		if err := s.pool.QueryRow(t.Context(), "SELECT mail_refused_at IS NOT NULL FROM orders WHERE id = $1", o.ID).Scan(&is); err != nil {
			t.Fatal(err)
		}
		return is
	}
	mustSend(t, mails)
	if !marked() || s.mailsWaiting(t) != 0 {
		t.Errorf("marked: %t, and %d mails wait", marked(), s.mailsWaiting(t))
	}
	refused.Store(false)
	if _, err := s.CancelOrder(t.Context(), customer, o.ID); err != nil {
		t.Fatal(err)
	}
	mustSend(t, mails)
	if marked() || len(b.To("sam@example.com")) != 1 {
		t.Errorf("marked: %t, and %d mails arrived", marked(), len(b.To("sam@example.com")))
	}
}

func TestAMailIsGivenUpAfterThreeDays(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	mails := s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler))
	old, young := s.mustConfirm(t), s.mustPlaceAnother(t)
	for id, age := range map[string]time.Duration{old.ID: outbox.MailLife + time.Minute, young.ID: outbox.MailLife - time.Minute} {
		s.exec(t, "UPDATE mails SET created_at = now() - $2::interval WHERE order_id = $1", id, age)
	}
	if err := mails.GiveUpMails(t.Context()); err != nil {
		t.Fatal(err)
	}
	mustSend(t, mails)
	if got := b.Mails(); len(got) != 1 || !strings.Contains(got[0].Subject, young.Number) {
		t.Errorf("the mails: %+v", got)
	}
}

// A process dies after the server has accepted its mail, and before the mail is removed.
func TestACopyOfAMailHasItsMessageID(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	o := s.mustConfirm(t)
	store := &mortal{Store: postgres.New(s.pool, time.Minute)}
	dies := outbox.New(store, s.world.Peers(s.world.carry).Customers, dyingMailer{mailer(t, b.Addr()), store}, quick, slog.New(slog.DiscardHandler))
	if err := dies.SendMails(t.Context()); err == nil {
		t.Error("the process did not die")
	}
	again := s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler))
	mustSend(t, again)
	if n := len(b.Mails()); n != 1 {
		t.Errorf("%d mails arrived before the lease has ended", n)
	}
	s.makeMailsDue(t)
	mustSend(t, again)
	got := b.Mails()
	if len(got) != 2 || got[0].MessageID != got[1].MessageID || got[0].Subject != got[1].Subject || s.mailsWaiting(t) != 0 {
		t.Errorf("order %s: the mails: %+v", o.ID, got)
	}
}

// mortal is the store as a process sees it that dies: from then on it does nothing.
type mortal struct {
	outbox.Store
	dead atomic.Bool
}

var errDead = errors.New("the process is dead")

func (m *mortal) ClaimMails(ctx context.Context, limit int, lease time.Duration) ([]outbox.Mail, error) {
	if m.dead.Load() {
		return nil, errDead
	}
	return m.Store.ClaimMails(ctx, limit, lease)
}

func (m *mortal) PutOffMail(ctx context.Context, claimed outbox.Mail, failed outbox.Attempt, wait time.Duration) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.PutOffMail(ctx, claimed, failed, wait)
}

func (m *mortal) EndMails(ctx context.Context, ended []outbox.Ended) error {
	if m.dead.Load() {
		return errDead
	}
	return m.Store.EndMails(ctx, ended)
}

// dyingMailer is in a process that dies with its first mails.
type dyingMailer struct {
	outbox.Mailer
	process *mortal
}

func (d dyingMailer) Send(ctx context.Context, letters []outbox.Letter) []error {
	errs := d.Mailer.Send(ctx, letters)
	d.process.dead.Store(true)
	return errs
}
