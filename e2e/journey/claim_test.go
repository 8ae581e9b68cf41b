package journey

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/poll"
	"souk/e2e/shop"
)

func TestACartCannotBeOrderedWhileItsOrderIsPending(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 10)
	c := customer(t)
	request := checkout(t, c, sku, 2, "pm_card_slow")
	pending := mustStayPending(t, c, request)
	request.PaymentMethod = "pm_card_visa"
	key := uuid.NewString()
	_, err := c.PlaceOrder(t.Context(), key, request)
	if p := problemOf(t, err, http.StatusConflict, "cart_being_ordered"); p.OrderID != pending.ID {
		t.Errorf("the problem names order %q, want %s", p.OrderID, pending.ID)
	}
	// Three more pieces, while the order is under way: they stay.
	if _, err := c.Put(t.Context(), request.CartID, sku, 5); err != nil {
		t.Fatal(err)
	}
	eventually(t, 30*time.Second, "the slow payment is approved", func() bool {
		o, err := c.Order(t.Context(), pending.ID)
		return err == nil && o.Status == "confirmed"
	})
	second, err := c.PlaceOrder(t.Context(), key, request)
	if err != nil || second.Status != "confirmed" || second.Lines[0].Quantity != 3 {
		t.Errorf("the order of the rest: %+v, %v; want 3 pieces confirmed", second, err)
	}
	if left := available(t, sku); left != 5 {
		t.Errorf("%d pieces are left, want 5", left)
	}
}

func TestADeclinedOrderGivesItsCartBack(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 10)
	c := customer(t)
	request := checkout(t, c, sku, 2, "pm_card_declined")
	_, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusPaymentRequired, "payment_declined")
	request.PaymentMethod = "pm_card_visa"
	if o, err := c.PlaceOrder(t.Context(), uuid.NewString(), request); err != nil || o.Status != "confirmed" {
		t.Errorf("after the decline: %q, %v; want it confirmed", o.Status, err)
	}
}

// A customer orders a guest cart, and makes it their own while the bank thinks.
func TestAnOrderOfAGuestCartKeepsTheCartThatTookItsLines(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 10)
	c := customer(t)
	request := checkout(t, anonymous(), sku, 2, "pm_card_slow")
	pending := mustStayPending(t, c, request)
	var own shop.Cart
	if err := c.Do(t.Context(), http.MethodPost, "/v1/carts/"+request.CartID+"/claim", nil, &own); err != nil || len(own.Lines) != 1 {
		t.Fatalf("claim: %+v, %v", own, err)
	}
	request.CartID, request.PaymentMethod = own.ID, "pm_card_visa"
	_, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusConflict, "cart_being_ordered")
	eventually(t, 30*time.Second, "the slow payment is approved, and the customer's cart is empty", func() bool {
		o, err := c.Order(t.Context(), pending.ID)
		var now shop.Cart
		return err == nil && o.Status == "confirmed" && c.Do(t.Context(), http.MethodGet, "/v1/carts/"+own.ID, nil, &now) == nil && len(now.Lines) == 0
	})
	_, err = c.PlaceOrder(t.Context(), uuid.NewString(), request)
	wantProblem(t, err, http.StatusConflict, "cart_empty")
}

// mustStayPending places an order whose payment takes longer than the request waits.
func mustStayPending(t *testing.T, c *shop.Client, request shop.Checkout) shop.Order {
	t.Helper()
	o, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	if err != nil || o.Status != "pending" {
		t.Fatalf("the order is %q, %v; want it pending", o.Status, err)
	}
	return o
}

// cards are the payment methods of eight tabs, by round.
var cards = []string{
	"pm_card_visa", "pm_card_declined", "pm_card_timeout", "pm_card_visa", "pm_card_insufficient_funds", "pm_card_declined", "pm_card_visa",
}

// TestOfEightOrdersOfOneCartAtOnceOneIsConfirmed plays SOUK_ROUNDS rounds, 40 by default.
func TestOfEightOrdersOfOneCartAtOnceOneIsConfirmed(t *testing.T) {
	t.Parallel()
	rounds, err := strconv.Atoi(os.Getenv("SOUK_ROUNDS"))
	if err != nil {
		rounds = 40
	}
	const shoppers, tabs = 4, 8
	sku := stocked(t, 500, int64(rounds+10))
	var mu sync.Mutex
	outcomes := map[string]int{}
	t.Run("shoppers", func(t *testing.T) {
		for s := range shoppers {
			t.Run(strconv.Itoa(s), func(t *testing.T) {
				t.Parallel()
				c := customer(t)
				for round := s; round < rounds; round += shoppers {
					got := tabsAtOnce(t, c, sku, round, tabs)
					if got["confirmed"] > 1 {
						t.Errorf("round %d: %v, want one confirmed order at most", round, got)
					}
					mu.Lock()
					for outcome, n := range got {
						outcomes[outcome] += n
					}
					mu.Unlock()
				}
			})
		}
	})
	confirmed := outcomes["confirmed"]
	eventually(t, 30*time.Second, "nothing is held", func() bool {
		level, err := staff(t).Stock(t.Context(), sku)
		return err == nil && level.Reserved == 0 && level.OnHand == int64(rounds+10-confirmed)
	})
	t.Logf("measured: %d rounds of %d orders at once: %v", rounds, tabs, outcomes)
}

// tabsAtOnce orders one piece in so many tabs, each with a key of its own, and counts what becomes of the orders.
func tabsAtOnce(t *testing.T, c *shop.Client, sku string, round, tabs int) map[string]int {
	t.Helper()
	request := checkout(t, c, sku, 1, "")
	outcomes := make([]string, tabs)
	var wg sync.WaitGroup
	for tab := range tabs {
		wg.Go(func() {
			mine := request
			mine.PaymentMethod = cards[(round*3+tab)%len(cards)]
			outcomes[tab] = outcomeOf(t, c, mine)
		})
	}
	wg.Wait()
	count := map[string]int{}
	for _, outcome := range outcomes {
		count[outcome]++
	}
	return count
}

// outcomeOf places an order and returns its last status, or the code of the problem.
func outcomeOf(t *testing.T, c *shop.Client, request shop.Checkout) string {
	o, err := c.PlaceOrder(t.Context(), uuid.NewString(), request)
	var problem *shop.Problem
	switch {
	case errors.As(err, &problem):
		return problem.Code
	case err != nil:
		t.Error(err)
		return fmt.Sprint(err)
	}
	err = poll.Until(t.Context(), time.Minute, func(ctx context.Context) error {
		now, err := c.Order(ctx, o.ID)
		if err != nil {
			return err
		}
		if o = now; o.Status == "pending" {
			return errors.New("it is still pending")
		}
		return nil
	})
	if err != nil {
		t.Errorf("order %s: %v", o.ID, err)
	}
	return o.Status
}
