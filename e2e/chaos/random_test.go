package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/e2e/faultplan"
	"souk/e2e/poll"
)

const shopperCount = 32

// TestRandomChaos has shoppers buy while the processes of the shop, its databases and Consul are killed and
// paused by a schedule that SOUK_SEED draws.
func TestRandomChaos(t *testing.T) {
	lasts, pieces := 24*time.Second, 120
	if full() {
		lasts, pieces = 5*time.Minute, 1200
	}
	// So few pieces that some SKUs are sold out before the end.
	a, end, err := openShop(t.Context(), pieces)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	}()
	t.Logf("SOUK_SEED=%d", seed(t))
	count := newCounters()
	shoppers, err := a.openShoppers(t.Context(), seed(t), count)
	if err != nil {
		t.Fatal(err)
	}
	plan := faultplan.New(seed(t), lasts, a.Parts())
	if err := a.shopDuring(t.Context(), shoppers, plan, t.Logf); err != nil {
		t.Error(err)
	}
	over := time.Now()
	if err := poll.Until(t.Context(), cleanWithin, a.books); err != nil {
		t.Errorf("the books are not clean: %v", err)
	}
	took := time.Since(over)
	for i, s := range shoppers {
		if err := s.check(t.Context()); err != nil {
			t.Errorf("shopper %d: %v", i, err)
		}
	}
	report(t, shoppers, plan, count, took)
	if n := count.retries["500 internal"]; n > 0 {
		t.Errorf("%d requests were answered 500, which is not in the contract; these calls failed as INTERNAL:\n%s", n, a.internal())
	}
}

// internal says which calls failed with an error that the shop does not know, and how often.
func (a *auditedShop) internal() string {
	failures := map[string]int{}
	for _, line := range a.Logged(func(line string) bool {
		return strings.Contains(line, `"code":"Internal"`) || strings.Contains(line, `"msg":"panic"`)
	}) {
		var entry struct{ Service, Method, Error, Panic string }
		if json.Unmarshal([]byte(line), &entry) == nil {
			failures[entry.Service+" "+entry.Method+": "+entry.Error+entry.Panic]++
		}
	}
	var text strings.Builder
	for failure, times := range failures {
		fmt.Fprintf(&text, "%d times %s\n", times, failure)
	}
	return text.String()
}

// openShoppers opens accounts for the shoppers.
func (a *auditedShop) openShoppers(ctx context.Context, seed uint64, count *counters) ([]*shopper, error) {
	staff, err := a.logInStaff(ctx)
	if err != nil {
		return nil, err
	}
	shoppers := make([]*shopper, shopperCount)
	var group errgroup.Group
	for i := range shoppers {
		group.Go(func() error {
			client, err := a.register(ctx)
			shoppers[i] = &shopper{auditedShop: a, client: client, staff: staff, count: count, random: rand.New(rand.NewPCG(seed, uint64(2+i)))}
			return err
		})
	}
	return shoppers, group.Wait()
}

// shopDuring has the shoppers shop while the faults of a plan happen, and finish what they have begun.
func (a *auditedShop) shopDuring(ctx context.Context, shoppers []*shopper, plan faultplan.Plan, say func(string, ...any)) error {
	shopping, stop := context.WithCancel(ctx)
	errs := make([]error, len(shoppers)+1)
	var busy sync.WaitGroup
	for i, s := range shoppers {
		busy.Go(func() {
			if err := s.shop(shopping); err != nil {
				errs[i] = fmt.Errorf("shopper %d: %w", i, err)
			}
		})
	}
	_, errs[len(shoppers)] = plan.Run(ctx, a.Shop, say)
	over := time.Now()
	stop()
	busy.Wait()
	say("the last shopper is done %.1f s after the last fault", time.Since(over).Seconds())
	return errors.Join(errs...)
}

func report(t *testing.T, shoppers []*shopper, plan faultplan.Plan, count *counters, recovered time.Duration) {
	t.Helper()
	checkouts, kills := 0, plan.Kills()
	for _, s := range shoppers {
		checkouts += len(s.bought)
	}
	t.Logf("measured: %d checkouts by %d shoppers: %v; %d cancelled, %d dispatched, %d sent back", checkouts, len(shoppers), count.answers, count.cancelled, count.sent, count.returned)
	t.Logf("measured: %d kills, %d pauses; %v; slowest answer %.1f s; books clean %.1f s later", kills, len(plan)-kills, count.retries, count.slowest.Seconds(), recovered.Seconds())
	if checkouts == 0 || count.answers["201"] == 0 {
		t.Error("nothing was bought")
	}
}
