package chaos

import (
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

// What a confirmed checkout of five lines, with the address in its body, may cost.
const (
	mostCalls   = 8
	mostCommits = 7 // the simulated card network's own books left out, which are outside the shop

	getEmail = "/souk.customers.v1.CustomersService/GetEmail"

	costly = 50 // checkouts that are measured
)

// TestCostOfACheckout counts what a checkout takes, and fails when that has become more than it may be. Background work, for
// example sending the mails about earlier orders, writes during some of the checkouts. The median leaves it out.
func TestCostOfACheckout(t *testing.T) {
	a, m := openMetered(t)
	buyer, err := a.register(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	// The first one opens connections and learns keys.
	a.confirm(t, m, buyer)
	var spent reading
	var calls, commits []int64
	for range costly {
		one := a.confirm(t, m, buyer)
		// The mail about an order needs the customer's address. It is sent after the checkout.
		calls = append(calls, int64(sum(one.calls)-one.calls[getEmail]))
		commits = append(commits, one.xids-one.cards)
		spent = spent.plus(one)
	}
	t.Logf("measured: a checkout takes %d gRPC calls: %v", median(calls), averages(spent.calls))
	t.Logf("measured: %d commits that write in PostgreSQL (all: %v), and %.2f of the card network", median(commits), commits, average(spent.cards))
	t.Logf("for information, transactions by database, those included that only read: %v; took %v", averages(spent.transactions), (spent.took / costly).Round(time.Millisecond))
	if slices.Min(calls) <= 0 || slices.Min(commits) <= 0 {
		t.Error("something was not counted")
	}
	if median(calls) > mostCalls || median(commits) > mostCommits {
		t.Errorf("that is more than %d calls, %d commits", mostCalls, mostCommits)
	}
}

func median(of []int64) int64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

// openMetered starts a shop whose gRPC calls all pass a proxy that counts them.
func openMetered(t *testing.T) (*auditedShop, *meter) {
	t.Helper()
	a, end, err := openShop(t.Context(), 1_000_000, stack.Services...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	return a, newMeter(t, a)
}

// confirm checks five lines out and returns what that alone has cost.
func (a *auditedShop) confirm(t *testing.T, m *meter, buyer *shop.Client) reading {
	t.Helper()
	var basket []item
	for _, sku := range skus[:5] {
		basket = append(basket, item{sku, 2})
	}
	r, err := checkout(t.Context(), buyer, basket, "pm_card_visa")
	if err != nil {
		t.Fatal(err)
	}
	return m.during(t, func() {
		resp, err := r.send(t.Context(), buyer)
		if err != nil || resp.Status != http.StatusCreated {
			t.Fatalf("checkout: %+v, %v", resp, err)
		}
	})
}

func average[N int | int64](n N) float64 { return float64(n) / costly }

func averages[N int | int64](counts map[string]N) map[string]float64 {
	all := map[string]float64{}
	for name, n := range counts {
		if n != 0 {
			all[name] = average(n)
		}
	}
	return all
}

func sum(counts map[string]int) int {
	total := 0
	for n := range maps.Values(counts) {
		total += n
	}
	return total
}
