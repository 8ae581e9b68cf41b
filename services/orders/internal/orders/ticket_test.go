package orders_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"souk/services/orders/internal/events"
	"souk/services/orders/internal/order"
)

const accessToken = "an.access.token"

func ticketFor(orderID string) events.TicketRequest {
	return events.TicketRequest{CustomerID: customer, OrderID: orderID, Token: accessToken, TokenEnds: time.Now().Add(time.Hour)}
}

func (s *shop) mustTicket(t *testing.T, orderID string) string {
	t.Helper()
	ticket, err := s.tickets.Create(t.Context(), ticketFor(orderID))
	if err != nil || ticket.Life != time.Minute {
		t.Fatalf("%v for %v, want a minute", err, ticket.Life)
	}
	return ticket.Text
}

func (s *shop) mustRedeem(t *testing.T, orderID, ticket string) {
	t.Helper()
	if token, err := s.tickets.Redeem(t.Context(), orderID, ticket); err != nil || token != accessToken {
		t.Errorf("redeemed for %q, %v", token, err)
	}
}

func (s *shop) mustNotRedeem(t *testing.T, what, orderID, ticket string) {
	t.Helper()
	if token, err := s.tickets.Redeem(t.Context(), orderID, ticket); !errors.Is(err, events.ErrTicketNotFound) || token != "" {
		t.Errorf("%s: redeemed for %q, %v", what, token, err)
	}
}

func TestATicketIsGoodForItsTokenOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	replica := shopOn(t, s.pool, s.settings)
	id := s.mustConfirm(t).ID
	first, second := s.mustTicket(t, id), s.mustTicket(t, id)
	if len(first) != 43 || first == second {
		t.Errorf("tickets %s and %s", first, second)
	}
	replica.mustRedeem(t, id, first)
	replica.mustNotRedeem(t, "spent", id, first)
	s.mustNotRedeem(t, "spent at a replica", id, first)
	s.mustRedeem(t, strings.ToUpper(id), second)
}

func TestOfManyWhoRedeemATicketAtOnceOneGetsTheToken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	replica := shopOn(t, s.pool, s.settings)
	id := s.mustConfirm(t).ID
	for range 20 {
		ticket := s.mustTicket(t, id)
		var won atomic.Int32
		var all sync.WaitGroup
		for _, process := range []*shop{s, replica, s, replica} {
			all.Go(func() {
				token, err := process.tickets.Redeem(t.Context(), id, ticket)
				switch {
				case err == nil && token == accessToken:
					won.Add(1)
				case !errors.Is(err, events.ErrTicketNotFound):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if won.Load() != 1 {
			t.Fatalf("%d of 4 got the token, want 1", won.Load())
		}
	}
}

func TestATicketIsForTheOwnersOrder(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	for name, change := range map[string]func(*events.TicketRequest){
		"someone else's order": func(r *events.TicketRequest) { r.CustomerID = "stranger" },
		"an unknown order":     func(r *events.TicketRequest) { r.OrderID = "0198a000-0000-7000-8000-000000000000" },
		"no id":                func(r *events.TicketRequest) { r.OrderID = "x\x00" },
	} {
		req := ticketFor(id)
		change(&req)
		if _, err := s.tickets.Create(t.Context(), req); !errors.Is(err, order.ErrNotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestNothingButTheTicketIsRedeemed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	ticket := s.mustTicket(t, id)
	for name, text := range map[string]string{
		"nothing": "", "a changed ticket": "." + ticket[1:], "a longer one": ticket + "A", "a padded one": ticket + "=", "a shorter one": ticket[:42], "no text": "\xff\x00",
	} {
		s.mustNotRedeem(t, name, id, text)
	}
	for _, other := range []string{"0198a000-0000-7000-8000-000000000000", "", "x"} {
		s.mustNotRedeem(t, "another order's", other, ticket)
	}
	s.mustRedeem(t, id, ticket)
}

func TestATicketEndsAfterAMinuteOrWithItsToken(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	for _, test := range []struct{ left, want time.Duration }{
		{time.Hour, time.Minute}, {10*time.Second + 900*time.Millisecond, 10 * time.Second}, {900 * time.Millisecond, 0}, {-time.Second, 0},
	} {
		req := ticketFor(id)
		req.TokenEnds = time.Now().Add(test.left)
		ticket, err := s.tickets.Create(t.Context(), req)
		if err != nil || ticket.Life != test.want {
			t.Errorf("a token that is good for %v: %v, %v", test.left, ticket.Life, err)
		}
		if test.want == 0 {
			s.mustNotRedeem(t, "without life", id, ticket.Text)
		}
	}
	var longest time.Duration
	if err := s.pool.QueryRow(t.Context(), "SELECT max(expires_at) - now() FROM event_tickets").Scan(&longest); err != nil {
		t.Fatal(err)
	}
	if longest > time.Minute || longest < 30*time.Second {
		t.Errorf("the database keeps a ticket for %v", longest)
	}
	ticket := s.mustTicket(t, id)
	s.exec(t, "UPDATE event_tickets SET expires_at = now()")
	s.mustNotRedeem(t, "over", id, ticket)
}

func TestTicketsWhoseTimeIsOverAreSwept(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	s.mustTicket(t, id)
	s.exec(t, "UPDATE event_tickets SET expires_at = now()")
	kept := s.mustTicket(t, id)
	if err := s.tickets.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	var left int
	if err := s.pool.QueryRow(t.Context(), "SELECT count(*) FROM event_tickets").Scan(&left); err != nil || left != 1 {
		t.Errorf("%d are left, %v; want 1", left, err)
	}
	s.mustRedeem(t, id, kept)
}

func TestTheDatabaseHasNothingThatOpensATicket(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	ticket := s.mustTicket(t, s.mustConfirm(t).ID)
	random, err := base64.RawURLEncoding.DecodeString(ticket)
	if err != nil || len(random) != 32 {
		t.Fatalf("%d bytes, %v", len(random), err)
	}
	// Columns of bytes are shown as hexadecimal.
	for name, text := range map[string]string{
		"the ticket": ticket, "the ticket as bytes": hex.EncodeToString([]byte(ticket)), "what the ticket encodes": hex.EncodeToString(random),
		"the token": accessToken, "the token as bytes": hex.EncodeToString([]byte(accessToken)),
	} {
		if tables := s.with(t, text); len(tables) > 0 {
			t.Errorf("%s is in %v", name, tables)
		}
	}
	digest := sha256.Sum256([]byte(ticket))
	if tables := s.with(t, hex.EncodeToString(digest[:])); !slices.Equal(tables, []string{"event_tickets"}) {
		t.Errorf("its digest is in %v", tables)
	}
}

func TestARowThatWasTamperedWithOpensNothing(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.mustConfirm(t).ID
	const other = "0198a000-0000-7000-8000-000000000000"
	for name, change := range map[string]struct{ set, orderID string }{
		"another order":  {"order_id = '" + other + "'", other},
		"another's seal": {"sealed_token = (SELECT sealed_token FROM event_tickets WHERE id <> e.id LIMIT 1)", id},
		"no seal":        {"sealed_token = ''", id},
	} {
		ticket := s.mustTicket(t, id)
		s.mustTicket(t, id)
		s.exec(t, "UPDATE event_tickets e SET "+change.set)
		if token, err := s.tickets.Redeem(t.Context(), change.orderID, ticket); err == nil || token != "" {
			t.Errorf("%s: redeemed for %q", name, token)
		}
		s.exec(t, "DELETE FROM event_tickets")
	}
}
