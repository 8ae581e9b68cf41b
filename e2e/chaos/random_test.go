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

	"souk/e2e/fault"
	"souk/e2e/trial"
)

const shoppers = 32

// TestRandomChaos has shoppers buy while the processes of the shop, its databases and Consul are killed and
// paused by a schedule that SOUK_SEED draws.
func TestRandomChaos(t *testing.T) {
	lasts, pieces := 24*time.Second, 120
	if full() {
		lasts, pieces = 5*time.Minute, 1200
	}
	// So few pieces that some SKUs are sold out before the end.
	a, end, err := open(t.Context(), pieces)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	}()
	t.Logf("SOUK_SEED=%d", seed(t))
	count := newCensus()
	crowd, err := a.crowd(t.Context(), seed(t), count)
	if err != nil {
		t.Fatal(err)
	}
	storm := fault.NewStorm(seed(t), lasts, a.Parts())
	if err := a.weather(t.Context(), crowd, storm, t.Logf); err != nil {
		t.Error(err)
	}
	over := time.Now()
	if err := trial.Until(t.Context(), cleanWithin, a.books); err != nil {
		t.Errorf("the books are not clean: %v", err)
	}
	took := time.Since(over)
	for i, s := range crowd {
		if err := s.check(t.Context()); err != nil {
			t.Errorf("shopper %d: %v", i, err)
		}
	}
	report(t, crowd, storm, count, took)
	if n := count.retries["500 internal"]; n > 0 {
		t.Errorf("%d requests were answered 500, which is not in the contract; these calls failed as INTERNAL:\n%s", n, a.internal())
	}
}

// internal says which calls failed with an error that the shop does not know, and how often.
func (a *arena) internal() string {
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

// crowd opens accounts for the shoppers.
func (a *arena) crowd(ctx context.Context, seed uint64, count *census) ([]*shopper, error) {
	keeper, err := a.staff(ctx)
	if err != nil {
		return nil, err
	}
	crowd := make([]*shopper, shoppers)
	var group errgroup.Group
	for i := range crowd {
		group.Go(func() error {
			client, err := a.register(ctx)
			crowd[i] = &shopper{arena: a, client: client, keeper: keeper, count: count, random: rand.New(rand.NewPCG(seed, uint64(2+i)))}
			return err
		})
	}
	return crowd, group.Wait()
}

// weather has the crowd shop through a storm, and finish what was begun.
func (a *arena) weather(ctx context.Context, crowd []*shopper, storm fault.Storm, say func(string, ...any)) error {
	shopping, stop := context.WithCancel(ctx)
	errs := make([]error, len(crowd)+1)
	var busy sync.WaitGroup
	for i, s := range crowd {
		busy.Go(func() {
			if err := s.shop(shopping); err != nil {
				errs[i] = fmt.Errorf("shopper %d: %w", i, err)
			}
		})
	}
	_, errs[len(crowd)] = storm.Rage(ctx, a.Shop, say)
	over := time.Now()
	stop()
	busy.Wait()
	say("the last shopper is done %.1f s after the storm", time.Since(over).Seconds())
	return errors.Join(errs...)
}

func report(t *testing.T, crowd []*shopper, storm fault.Storm, count *census, recovered time.Duration) {
	t.Helper()
	checkouts, kills := 0, storm.Kills()
	for _, s := range crowd {
		checkouts += len(s.bought)
	}
	t.Logf("measured: %d checkouts by %d shoppers: %v; %d cancelled, %d dispatched, %d sent back", checkouts, len(crowd), count.answers, count.cancelled, count.sent, count.returned)
	t.Logf("measured: %d kills, %d pauses; %v; slowest answer %.1f s; books clean %.1f s later", kills, len(storm)-kills, count.retries, count.slowest.Seconds(), recovered.Seconds())
	if checkouts == 0 || count.answers["201"] == 0 {
		t.Error("nothing was bought")
	}
}
