package chaos

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
)

// sizes are how many buy at once, and how often.
type sizes struct {
	buyers, rounds int
	// The race for a hundred pieces.
	requests int
}

func raceSizes() sizes {
	if full() {
		return sizes{buyers: 200, rounds: 200, requests: 1000}
	}
	return sizes{buyers: 50, rounds: 4, requests: 200}
}

// In the long form there are tens of thousands of orders to audit.
const auditWithin = 3 * time.Minute

// race is a shop with customers who buy the same things at once.
type race struct {
	*auditedShop
	staff  *shop.Client
	buyers []*shop.Client
}

// TestLastUnit has many buy at once what is not enough for all of them.
func TestLastUnit(t *testing.T) {
	a, end, err := openShop(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	}()
	r := race{auditedShop: a, buyers: make([]*shop.Client, raceSizes().buyers)}
	if r.staff, err = a.logInStaff(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A password costs a while of a processor, so the same buyers run in each race.
	var group errgroup.Group
	group.SetLimit(8)
	for i := range r.buyers {
		group.Go(func() (err error) { r.buyers[i], err = a.register(t.Context()); return err })
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	t.Run("a hundred pieces are sold a hundred times", r.hundred)
	t.Run("baskets in opposite orders", r.opposite)
	t.Run("the last piece is sold once", r.lastPiece)
	t.Run("what needs no stock is sold to everybody", r.withoutStock)
	r.checkAfterwards(t)
}

func (r *race) lastPiece(t *testing.T) {
	got := newCounters()
	for range raceSizes().rounds {
		r.stock(t, skus[0], 1)
		sold := r.run(t, got, len(r.buyers), func(int) []item { return []item{{skus[0], 1}} })
		if sold != 1 {
			t.Errorf("the last piece was sold %d times", sold)
		}
		r.soldOut(t, skus[0])
	}
	t.Logf("measured: %d rounds of %d buyers: %v", raceSizes().rounds, len(r.buyers), got.answers)
}

func (r *race) hundred(t *testing.T) {
	const pieces = 100
	r.stock(t, skus[1], pieces)
	got := newCounters()
	sold := 0
	for left := raceSizes().requests; left > 0; left -= len(r.buyers) {
		sold += r.run(t, got, min(left, len(r.buyers)), func(int) []item { return []item{{skus[1], 1}} })
		// A cart that could not be emptied at once is emptied a little later; not while it is filled again.
		if err := poll.Until(t.Context(), cleanWithin, r.books); err != nil {
			t.Fatal(err)
		}
	}
	if sold != pieces {
		t.Errorf("%d pieces were sold %d times", pieces, sold)
	}
	r.soldOut(t, skus[1])
	t.Logf("measured: %d requests for %d pieces: %v", raceSizes().requests, pieces, got.answers)
}

// opposite has one half of the buyers name the SKUs in one order, and the other half the other way round.
func (r *race) opposite(t *testing.T) {
	const pieces = 20
	baskets := [2][]item{}
	for _, sku := range skus[2:] {
		r.stock(t, sku, pieces)
		baskets[0] = append(baskets[0], item{sku, 1})
		baskets[1] = slices.Insert(baskets[1], 0, item{sku, 1})
	}
	got := newCounters()
	if sold := r.run(t, got, len(r.buyers), func(i int) []item { return baskets[i%2] }); sold != pieces {
		t.Errorf("%d baskets were sold %d times", pieces, sold)
	}
	for _, sku := range skus[2:] {
		r.soldOut(t, sku)
	}
	t.Logf("measured: %d baskets of %d SKUs: %v", len(r.buyers), len(skus[2:]), got.answers)
}

// stock puts pieces of a SKU on sale.
func (r *race) stock(t *testing.T, sku string, pieces int64) {
	t.Helper()
	if _, err := r.staff.Adjust(t.Context(), sku, pieces, "race"); err != nil {
		t.Fatal(err)
	}
}

// soldOut fails unless nothing is left of a SKU, and nothing held.
func (r *race) soldOut(t *testing.T, sku string) {
	t.Helper()
	err := poll.Until(t.Context(), cleanWithin, func(ctx context.Context) error {
		level, err := r.staff.Stock(ctx, sku)
		if err == nil && (level.OnHand != 0 || level.Reserved != 0) {
			err = fmt.Errorf("%+v", level)
		}
		return err
	})
	if err != nil {
		t.Errorf("%s is not sold out: %v", sku, err)
	}
}

// run has the first n buyers buy their baskets at the same moment, and returns how many got theirs.
func (r *race) run(t *testing.T, count *counters, n int, basket func(i int) []item) int {
	t.Helper()
	requests := make([]request, n)
	var filling errgroup.Group
	filling.SetLimit(16)
	for i := range requests {
		filling.Go(func() (err error) {
			requests[i], err = checkout(t.Context(), r.buyers[i], basket(i), "pm_card_visa")
			return err
		})
	}
	if err := filling.Wait(); err != nil {
		t.Fatal(err)
	}
	got := make([]bool, n)
	var running sync.WaitGroup
	start := make(chan struct{})
	for i, request := range requests {
		running.Go(func() {
			<-start
			var err error
			if got[i], err = r.buy(t.Context(), r.buyers[i], request, count); err != nil {
				t.Errorf("buyer %d: %v", i, err)
			}
		})
	}
	close(start)
	running.Wait()
	sold := 0
	for _, g := range got {
		if g {
			sold++
		}
	}
	return sold
}

// buy sends a checkout once and reports whether the order is confirmed, at last.
func (r *race) buy(ctx context.Context, c *shop.Client, request request, count *counters) (bool, error) {
	start := time.Now()
	resp, err := request.send(ctx, c)
	if err != nil {
		return false, err
	}
	count.answer(resp, time.Since(start))
	switch {
	case resp.Status == http.StatusConflict && problemOf(resp).Code == "out_of_stock":
		return false, nil
	case resp.Status != http.StatusCreated && resp.Status != http.StatusAccepted:
		return false, fmt.Errorf("%d %s", resp.Status, resp.Body)
	}
	var end shop.Order
	err = poll.Until(ctx, cleanWithin, func(ctx context.Context) (err error) {
		if end, err = orderOf(ctx, c, orderIDOf(resp)); err == nil && end.Status == "pending" {
			err = fmt.Errorf("order %s is pending", end.ID)
		}
		return err
	})
	return end.Status == "confirmed", err
}

// checkAfterwards fails if PostgreSQL had to end a deadlock, or the books are not clean.
func (r *race) checkAfterwards(t *testing.T) {
	t.Helper()
	log, err := os.ReadFile(r.LogFile(stack.Postgres))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(log), "deadlock detected") {
		t.Error("there were deadlocks")
	}
	if err := poll.Until(t.Context(), auditWithin, r.books); err != nil {
		t.Error(err)
	}
}
