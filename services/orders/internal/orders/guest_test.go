package orders_test

import (
	"errors"
	"log/slog"
	"regexp"
	"sync"
	"testing"
	"time"

	"souk/platform/security"
	"souk/testkit/inbox"
	"souk/testkit/securitytest"
	"souk/testkit/timing"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/postgres"
)

// guests returns the guests of the shop.
func (s *shop) guests() *guest.Guests {
	return guest.New(postgres.New(s.pool, time.Minute), s.world.Peers(s.world.carry).Customers, slog.New(slog.DiscardHandler))
}

const guestEmail = "ada@example.com"

func asGuest() checkout.PlaceRequest {
	req := buy("key", visa)
	req.CustomerID, req.GuestEmail = "", "Ada@Example.com"
	return req
}

func (s *shop) ownerOf(t *testing.T, orderID string) (customerID, email string) {
	t.Helper()
	if err := s.pool.QueryRow(t.Context(), "SELECT customer_id, guest_email FROM orders WHERE id = $1", orderID).Scan(&customerID, &email); err != nil {
		t.Fatal(err)
	}
	return customerID, email
}

var tokenInLink = regexp.MustCompile(`https://shop\.example/orders#token=([A-Za-z0-9_-]{43})\s`)

// lookUp asks for a link and returns its token, or "" if no mail comes.
func (s *shop) lookUp(t *testing.T, b *inbox.Inbox, number, email string) string {
	t.Helper()
	if err := s.guests().RequestLookup(t.Context(), number, email); err != nil {
		t.Fatal(err)
	}
	if err := s.guests().FindLookups(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := len(b.Mails())
	mustSend(t, s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler)))
	for _, m := range b.Mails()[before:] {
		if match := tokenInLink.FindStringSubmatch(m.Text); match != nil && m.To == guestEmail {
			return match[1]
		}
	}
	return ""
}

func TestAGuestsOrderBelongsToItself(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	o := s.mustPlace(t, asGuest())
	if customerID, email := s.ownerOf(t, o.ID); customerID != o.ID || email != guestEmail || o.CustomerID != o.ID || o.Status != order.StatusConfirmed {
		t.Errorf("order %s of %q, %q is %s", o.ID, customerID, email, o.Status)
	}
	mustSend(t, s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler)))
	if n := len(b.To(guestEmail)); n != 1 {
		t.Errorf("%d mails, want 1", n)
	}
	if _, err := s.GetOrder(t.Context(), order.Viewer{CustomerID: customer}, o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("to a customer: %v", err)
	}
	if _, err := s.CancelOrder(t.Context(), o.ID, o.ID); err != nil {
		t.Errorf("to the guest: %v", err)
	}
}

func TestAGuestsCheckoutIsAnsweredTheSameAgain(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	first, again := s.mustPlace(t, asGuest()), s.mustPlace(t, asGuest())
	if first.ID != again.ID {
		t.Errorf("orders %s and %s", first.ID, again.ID)
	}
	if one, two := s.guests().Token(t.Context(), first), s.guests().Token(t.Context(), again); one != two || one.Token == "" {
		t.Errorf("tokens %+v and %+v", one, two)
	}
	s.world.failing("before get guest token")
	if got := s.guests().Token(t.Context(), first); got != (guest.Access{}) {
		t.Errorf("while customers is away: %+v", got)
	}
}

func TestAGuestsRequestIsChecked(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	for name, test := range map[string]struct {
		change func(*checkout.PlaceRequest)
		field  string
	}{
		"no address":        {func(r *checkout.PlaceRequest) { r.GuestEmail = "" }, "email"},
		"no e-mail address": {func(r *checkout.PlaceRequest) { r.GuestEmail = "ada" }, "email"},
		"a customer":        {func(r *checkout.PlaceRequest) { r.CustomerID = customer }, "email"},
		"a saved address":   {func(r *checkout.PlaceRequest) { r.AddressID, r.ShippingAddress = "home", nil }, "address_id"},
	} {
		req := asGuest()
		test.change(&req)
		if _, err := s.PlaceOrder(t.Context(), req); !names(test.field)(err) {
			t.Errorf("%s: %v, want a violation of %s", name, err, test.field)
		}
	}
}

func TestALinkGivesAccessOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	o := s.mustPlace(t, asGuest())
	token := s.lookUp(t, b, " "+o.Number, "ADA@example.com")
	if token == "" {
		t.Fatal("no link came")
	}
	if found := s.with(t, token); len(found) > 0 {
		t.Errorf("the token is in %v", found)
	}
	s.world.failing("before get guest token")
	if _, err := s.guests().Redeem(t.Context(), token); err == nil || errors.Is(err, guest.ErrInvalidToken) {
		t.Errorf("while customers is away: %v", err)
	}
	s.world.failing()
	ctx, log := securitytest.Record(t.Context(), t)
	var wins, losses int
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			got, err := s.guests().Redeem(ctx, token)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil && got.OrderID == o.ID && got.Token != "":
				wins++
			case errors.Is(err, guest.ErrInvalidToken):
				losses++
			default:
				t.Errorf("%+v, %v", got, err)
			}
		})
	}
	all.Wait()
	if wins != 1 || losses != 19 {
		t.Errorf("%d uses succeeded, and %d were refused", wins, losses)
	}
	log.Expect(t, security.OrderLookedUp, o.ID)
}

func TestOnlyTheGuestsAddressGetsALink(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	o, ofCustomer := s.mustPlace(t, asGuest()), s.mustPlaceAnother(t)
	mustSend(t, s.outbox(t, b.Addr(), slog.New(slog.DiscardHandler)))
	sent := len(b.Mails())
	for _, asked := range [][2]string{{o.Number, "eve@example.com"}, {"S-00000000", guestEmail}, {ofCustomer.Number, "sam@example.com"}} {
		if token := s.lookUp(t, b, asked[0], asked[1]); token != "" || len(b.Mails()) != sent {
			t.Errorf("%v: a mail came", asked)
		}
	}
	if err := s.guests().RequestLookup(t.Context(), "", "ada"); !names("number", "email")(err) {
		t.Errorf("%v", err)
	}
}

func TestAnExpiredLinkIsRefusedAndForgotten(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	token := s.lookUp(t, b, s.mustPlace(t, asGuest()).Number, guestEmail)
	s.exec(t, "UPDATE lookup_tokens SET expires_at = now()")
	for _, given := range []string{token, "", "unknown", token + token + token} {
		if _, err := s.guests().Redeem(t.Context(), given); !errors.Is(err, guest.ErrInvalidToken) {
			t.Errorf("%q: %v", given, err)
		}
	}
	if err := s.guests().Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.pool.QueryRow(t.Context(), "SELECT count(*) FROM lookup_tokens").Scan(&left); err != nil || left != 0 {
		t.Errorf("%d tokens are left, %v", left, err)
	}
}

func TestAnAccountThatProvesTheAddressGetsTheOrders(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	b := newInbox(t, inbox.Config{})
	o := s.mustPlace(t, asGuest())
	token := s.lookUp(t, b, o.Number, guestEmail)
	stale, err := s.store.Get(t.Context(), o.ID)
	if err != nil {
		t.Fatal(err)
	}
	s.guests().Adopt(t.Context(), customer)
	if customerID, _ := s.ownerOf(t, o.ID); customerID != o.ID {
		t.Error("an account without a confirmed address got the order")
	}
	s.world.Verified[customer] = "Ada@example.com"
	s.guests().Adopt(t.Context(), customer)
	if customerID, email := s.ownerOf(t, o.ID); customerID != customer || email != "" {
		t.Errorf("the order is of %q, with %q", customerID, email)
	}
	if _, err := s.store.Save(t.Context(), stale); !errors.Is(err, order.ErrConflict) {
		t.Errorf("what was read before is saved: %v", err)
	}
	if _, err := s.GetOrder(t.Context(), order.Viewer{CustomerID: o.ID}, o.ID); !errors.Is(err, order.ErrNotFound) {
		t.Errorf("the guest's token: %v", err)
	}
	if _, err := s.guests().Redeem(t.Context(), token); !errors.Is(err, guest.ErrInvalidToken) {
		t.Errorf("the link: %v", err)
	}
}

func TestAnErasedCustomerGetsNoOrdersOfGuests(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.mustPlace(t, asGuest())
	s.world.Verified[customer] = guestEmail
	s.mustErase(t)
	s.guests().Adopt(t.Context(), customer)
	if customerID, _ := s.ownerOf(t, o.ID); customerID != o.ID {
		t.Errorf("the order is of %q", customerID)
	}
}

// Not parallel, because it measures.
func TestTheTimeOfALookupDoesNotTellWhetherThereIsAnOrder(t *testing.T) {
	s := newShop(t)
	o := s.mustPlace(t, asGuest())
	lookUp := func(number, email string) func(int) error {
		return func(int) error { return s.guests().RequestLookup(t.Context(), number, email) }
	}
	for name, nobody := range map[string]func(int) error{
		"another number":  lookUp("S-7K3M9QX2", guestEmail),
		"another address": lookUp(o.Number, "bob@example.com"),
	} {
		t.Run(name, func(t *testing.T) { timing.Compare(t, lookUp(o.Number, guestEmail), nobody) })
	}
}
