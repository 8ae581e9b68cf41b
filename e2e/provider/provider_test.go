// Package provider tests what becomes of orders when their money moves at the payment provider, where the shop did not move it.
package provider

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/chaos"
	"souk/e2e/poll"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

const (
	sku = "MUG"
	// day is how long the simulated card network's day takes. An authorization expires after seven.
	day = time.Second
	// heard is how long after its day the shop has heard of a move. A payment that an instance of payments was asking about when it was
	// killed is asked about again after 3 minutes.
	heard, heardKilled = 30 * time.Second, 4 * time.Minute
)

func patience() time.Duration {
	if killed() {
		return heardKilled
	}
	return heard
}

var home = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// journey is what happens to an order that was paid for with a method.
type journey struct {
	method string
	play   func(t *testing.T, p people, o shop.Order)
}

type people struct{ customer, staff *shop.Client }

var journeys = map[string]journey{
	"the authorization expires":               {"pm_card_expires", func(t *testing.T, p people, o shop.Order) { p.mustBeCancelled(t, o, "payment_expired") }},
	"the authorization is voided":             {"pm_card_voided_later", func(t *testing.T, p people, o shop.Order) { p.mustBeCancelled(t, o, "payment_voided") }},
	"captured, and cancelled by the customer": {"pm_card_captured_later", cancelCaptured},
	"captured, and dispatched":                {"pm_card_captured_later", dispatchCaptured},
	"refunded":                                {"pm_card_refunded_later", refunded},
	"a refund fails":                          {"pm_card_refund_fails", refundFails},
}

// TestOrdersFollowTheirMoney plays each journey SOUK_ROUNDS times, once by default, and audits the shop, the provider included. With
// SOUK_CHAOS=full, orders and payments are killed meanwhile, again and again.
func TestOrdersFollowTheirMoney(t *testing.T) {
	rounds, err := strconv.Atoi(os.Getenv("SOUK_ROUNDS"))
	if err != nil {
		rounds = 1
	}
	s, stop, err := testshop.Start(t.Context(), stack.Config{Env: []string{
		"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s", "SOUK_PAYMENTS_SIMULATOR_DAY=" + day.String(),
	}})
	must(t, err)
	t.Cleanup(func() { must(t, stop()) })
	staff, _, err := shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	must(t, err)
	product := map[string]any{"title": "Mug", "variants": []any{map[string]any{
		"sku": sku, "price": shop.Money{Amount: 1250, Currency: "GBP"}, "weight_grams": 400,
	}}}
	must(t, staff.Do(t.Context(), http.MethodPost, "/v1/products", product, nil))
	if _, err := staff.Adjust(t.Context(), sku, int64(20*rounds), "test"); err != nil {
		t.Fatal(err)
	}
	endKilling := func() {}
	if killed() {
		endKilling = killing(t, s)
	}
	t.Run("journeys", func(t *testing.T) {
		for name, j := range journeys {
			for round := range rounds {
				t.Run(fmt.Sprint(name, " ", round), func(t *testing.T) {
					t.Parallel()
					p := people{staff: staff}
					must(t, ask(t, func(ctx context.Context) (err error) {
						p.customer, _, err = shop.New(s.URL()).Register(ctx, uuid.NewString()+"@example.com", "correct horse battery", "Ada")
						return err
					}))
					o := p.buy(t, j.method)
					if o.Status == "rejected" && killed() {
						return // orders was killed until the money had been let go
					}
					if o.Status != "confirmed" {
						t.Fatalf("order is %s", o.Status)
					}
					j.play(t, p, o)
				})
			}
		}
	})
	endKilling()
	mustAgree(t, s)
}

// killed reports whether orders and payments are killed meanwhile.
func killed() bool { return os.Getenv("SOUK_CHAOS") == "full" }

// killing kills orders and payments in turns, and starts them again. It returns how to end that.
func killing(t *testing.T, s *testshop.Shop) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	kills := 0
	go func() {
		defer close(ended)
		for ctx.Err() == nil {
			part := []string{"orders", "payments"}[kills%2]
			if err := errors.Join(s.Kill(part), s.Restart(context.Background(), part)); err != nil {
				t.Errorf("kill %s: %v", part, err)
				return
			}
			kills++
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(rand.IntN(8000)) * time.Millisecond):
			}
		}
	}()
	return func() {
		cancel()
		<-ended
		t.Logf("measured: orders and payments were killed %d times", kills)
	}
}

// ask sends a request until the shop has answered it, because its processes may be killed meanwhile.
func ask(t *testing.T, request func(ctx context.Context) error) (answer error) {
	t.Helper()
	must(t, poll.Until(t.Context(), patience(), func(ctx context.Context) error {
		answer = request(ctx)
		var problem *shop.Problem
		if answer == nil || errors.As(answer, &problem) && problem.Status < 500 && problem.Code != "idempotency_in_progress" {
			return nil
		}
		return answer
	}))
	return answer
}

// mustAgree audits the shop, the provider included, once it has heard of everything.
func mustAgree(t *testing.T, s *testshop.Shop) {
	t.Helper()
	must(t, poll.Until(t.Context(), 2*patience(), chaos.Audited(s.Stack)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p people) buy(t *testing.T, method string) (o shop.Order) {
	t.Helper()
	var cart shop.Cart
	must(t, ask(t, func(ctx context.Context) (err error) {
		if cart, err = p.customer.OpenCart(ctx); err == nil {
			_, err = p.customer.Put(ctx, cart.ID, sku, 2)
		}
		return err
	}))
	key := uuid.NewString()
	must(t, ask(t, func(ctx context.Context) (err error) {
		o, err = p.customer.PlaceOrder(ctx, key, shop.Checkout{
			CartID: cart.ID, ShippingAddress: &home, ShippingOption: "royal-standard", PaymentMethod: method,
		})
		return err
	}))
	return p.await(t, o.ID, "decided", func(o shop.Order) bool { return o.Status != "pending" })
}

// await waits until an order is as it is waited for.
func (p people) await(t *testing.T, id, what string, there func(shop.Order) bool) (o shop.Order) {
	t.Helper()
	err := poll.Until(t.Context(), 7*day+patience(), func(ctx context.Context) (err error) {
		if o, err = p.customer.Order(ctx, id); err == nil && !there(o) {
			err = fmt.Errorf("not %s yet: it is %s with %+v, %+v", what, o.Status, o.Payment, o.Timeline)
		}
		return err
	})
	must(t, err)
	return o
}

func (p people) mustBeCancelled(t *testing.T, o shop.Order, event string) {
	t.Helper()
	o = p.await(t, o.ID, "cancelled", func(o shop.Order) bool { return o.Status == "cancelled" })
	if !slices.Equal(eventsOf(o), []string{"placed", "confirmed", event, "cancelled"}) || o.Payment.Status != "voided" {
		t.Errorf("timeline %q, payment %+v; want %s", eventsOf(o), o.Payment, event)
	}
	wantProblem(t, p.dispatch(t, o.ID), http.StatusConflict, "not_dispatchable")
}

func (p people) awaitCapture(t *testing.T, o shop.Order) {
	t.Helper()
	p.await(t, o.ID, "captured", func(o shop.Order) bool { return o.Payment.Status == "captured" })
}

func cancelCaptured(t *testing.T, p people, o shop.Order) {
	p.awaitCapture(t, o)
	must(t, ask(t, func(ctx context.Context) error {
		return p.customer.Do(ctx, http.MethodPost, "/v1/orders/"+o.ID+"/cancellation", nil, nil)
	}))
	o = p.await(t, o.ID, "refunded", func(o shop.Order) bool { return o.Payment.Refunded == o.Totals.Total })
	want := []string{"placed", "confirmed", "payment_captured", "refunded", "cancelled"}
	if events := eventsOf(o); o.Status != "cancelled" || !killed() && !slices.Equal(events, want) {
		t.Errorf("order is %s, timeline %q", o.Status, events)
	}
}

func dispatchCaptured(t *testing.T, p people, o shop.Order) {
	p.awaitCapture(t, o)
	must(t, p.dispatch(t, o.ID))
	o = p.await(t, o.ID, "delivered", func(o shop.Order) bool { return o.Status == "delivered" })
	if o.Payment.Captured != o.Totals.Total {
		t.Errorf("captured %v of %v", o.Payment.Captured, o.Totals.Total)
	}
}

func refunded(t *testing.T, p people, o shop.Order) {
	must(t, p.dispatch(t, o.ID))
	o = p.await(t, o.ID, "refunded", func(o shop.Order) bool { return o.Payment.Refunded == o.Totals.Total })
	if len(o.Refunds) != 1 {
		t.Errorf("refunds %+v", o.Refunds)
	}
	wantProblem(t, p.refund(t, o, 1), http.StatusUnprocessableEntity, "validation_failed")
}

func refundFails(t *testing.T, p people, o shop.Order) {
	must(t, p.dispatch(t, o.ID))
	must(t, p.refund(t, o, o.Totals.Total.Amount))
	o = p.await(t, o.ID, "failed", func(o shop.Order) bool { return len(o.Refunds) == 1 && o.Refunds[0].Status == "failed" })
	if o.Payment.Refunded.Amount != 0 {
		t.Errorf("payment %+v", o.Payment)
	}
	p.mustBeListed(t, o, "refund_failed")
	must(t, p.refund(t, o, 1)) // its money can be given back again
}

// mustBeListed fails the test unless staff are told to look at the order for a reason.
func (p people) mustBeListed(t *testing.T, o shop.Order, reason string) {
	t.Helper()
	var page struct {
		Items []struct {
			ID        string
			Attention []string
			Owed      shop.Money
		}
	}
	must(t, ask(t, func(ctx context.Context) error {
		return p.staff.Do(ctx, http.MethodGet, "/v1/admin/orders?attention="+reason+"&q="+url.QueryEscape(o.Number), nil, &page)
	}))
	if len(page.Items) != 1 || page.Items[0].ID != o.ID || !slices.Equal(page.Items[0].Attention, []string{reason}) || page.Items[0].Owed != o.Totals.Total {
		t.Errorf("listed %+v, want %s with %s and %v owed", page.Items, o.ID, reason, o.Totals.Total)
	}
}

func (p people) dispatch(t *testing.T, id string) error {
	return ask(t, func(ctx context.Context) error {
		return p.staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+id+"/dispatch", nil, nil)
	})
}

func (p people) refund(t *testing.T, o shop.Order, amount int64) error {
	body := map[string]any{"amount": shop.Money{Amount: amount, Currency: o.Totals.Total.Currency}, "reason": "late"}
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	return ask(t, func(ctx context.Context) error {
		return p.staff.Do(ctx, http.MethodPost, "/v1/admin/orders/"+o.ID+"/refunds", body, nil, key)
	})
}

func eventsOf(o shop.Order) []string {
	events := make([]string, len(o.Timeline))
	for i, entry := range o.Timeline {
		events[i] = entry.Event
	}
	return events
}

func wantProblem(t *testing.T, err error, status int, code string) {
	t.Helper()
	var problem *shop.Problem
	if !errors.As(err, &problem) || problem.Status != status || problem.Code != code {
		t.Errorf("err = %v, want %d %s", err, status, code)
	}
}
