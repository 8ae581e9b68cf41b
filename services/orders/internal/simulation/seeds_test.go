package simulation

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// setting reads a number from the environment.
func setting(t *testing.T, name string, otherwise uint64) uint64 {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		return otherwise
	}
	n, err := strconv.ParseUint(value, 10, 64)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

// TestTheShopKeepsItsPromises runs SOUK_SEEDS simulations, the first with the seed SOUK_SEED.
func TestTheShopKeepsItsPromises(t *testing.T) {
	t.Parallel()
	first, count := setting(t, "SOUK_SEED", 1), setting(t, "SOUK_SEEDS", seeds)
	var next, ran, placed atomic.Uint64
	var happened tally
	t.Cleanup(func() {
		t.Logf("measured: %d simulations from seed %d on, with %d orders; at the bank: %v", ran.Load(), first, placed.Load(), happened.sums)
	})
	for range runtime.GOMAXPROCS(0) {
		t.Run("worker", func(t *testing.T) {
			t.Parallel()
			for n := next.Add(1); n <= count && !t.Failed(); n = next.Add(1) {
				s := simulate(t, first+n-1)
				ran.Add(1)
				placed.Add(uint64(len(s.store.ids)))
				happened.add(s.happened)
				s.report(t)
			}
		})
	}
}

// tally adds up what happened in simulations.
type tally struct {
	mu   sync.Mutex
	sums map[string]int
}

func (t *tally) add(counts map[string]int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sums == nil {
		t.sums = map[string]int{}
	}
	for name, n := range counts {
		t.sums[name] += n
	}
}

// report fails the test if a promise was broken, and says how to see it again.
func (s *shop) report(t *testing.T) {
	t.Helper()
	if len(s.failures) == 0 {
		return
	}
	t.Errorf("%s\n%d promises are broken, the first: %s\nSOUK_SEED=%d SOUK_SEEDS=1 go test ./internal/simulation -run %s",
		s.trace, len(s.failures), s.trace.named().Replace(s.failures[0]), s.seed, "TestTheShopKeepsItsPromises")
}

func TestASeedDecidesEverything(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		first, second := simulate(t, seed).trace.String(), simulate(t, seed).trace.String()
		if first != second {
			t.Fatalf("seed %d went two ways:\n%s\nand then\n%s", seed, first, second)
		}
	}
}
