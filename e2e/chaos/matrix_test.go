package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"souk/e2e/faultproxy"
)

var moments = []faultproxy.Moment{faultproxy.Requested, faultproxy.Committed, faultproxy.Answered}

// How many times the full matrix runs each cell.
const rounds = 3

// seed is SOUK_SEED, or 1.
func seed(t *testing.T) uint64 {
	t.Helper()
	text := os.Getenv("SOUK_SEED")
	if text == "" {
		return 1
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatalf("SOUK_SEED: %v", err)
	}
	return n
}

// every returns every cell of the matrix, with seeds that follow each other from first.
func every(first uint64, times int) []cell {
	var cells []cell
	for round := range times {
		for _, s := range steps {
			for _, m := range moments {
				for _, f := range faults {
					cells = append(cells, cell{s, m, f, first + uint64(round)})
				}
			}
		}
	}
	return cells
}

// sample draws cells by a seed so that each step, and each fault at each moment, is among them.
func sample(seed uint64) []cell {
	random := rand.New(rand.NewPCG(seed, 0))
	var cells []cell
	for _, m := range moments {
		for _, f := range faults {
			cells = append(cells, cell{moment: m, fault: f, seed: seed})
		}
	}
	for len(cells) < len(steps) {
		cells = append(cells, cells[random.IntN(len(cells))])
	}
	order := random.Perm(len(cells))
	for i := range cells {
		cells[i].step = steps[order[i]%len(steps)]
	}
	return cells
}

// chosen returns the cells to run: SOUK_CELL alone, or all of them in the full form, or a sample.
func chosen(t *testing.T) []cell {
	t.Helper()
	if name := os.Getenv("SOUK_CELL"); name != "" {
		for _, s := range steps {
			for _, m := range moments {
				for _, f := range faults {
					var n uint64
					if _, err := fmt.Sscanf(name, fmt.Sprintf("%s/%s/%s/%%d", s.name, m, f), &n); err == nil {
						return []cell{{s, m, f, n}}
					}
				}
			}
		}
		t.Fatalf("SOUK_CELL: there is no cell %q", name)
	}
	if full() {
		return every(seed(t), rounds)
	}
	return sample(seed(t))
}

// TestCrashMatrix has processes killed and paused at each moment of each step of the saga. SOUK_CHAOS=full
// runs every cell; SOUK_CELL runs one, and SOUK_SHOPS says how many shops do it beside each other.
func TestCrashMatrix(t *testing.T) {
	cells := chosen(t)
	shops := 3
	if n, err := strconv.Atoi(os.Getenv("SOUK_SHOPS")); err == nil {
		shops = n
	}
	queue := make(chan cell, len(cells))
	for _, c := range cells {
		queue <- c
	}
	close(queue)
	var tally tally
	var running sync.WaitGroup
	for range min(shops, len(cells)) {
		running.Go(func() { tally.runAll(t, queue) })
	}
	running.Wait()
	t.Logf("measured: %d cells; slowest answer %.1f s (%v), slowest recovery %.1f s (%v)",
		tally.ran, tally.slowestAnswer.took.Seconds(), tally.slowestAnswer.cell, tally.slowestRecovery.took.Seconds(), tally.slowestRecovery.cell)
	if tally.ran != len(cells) {
		t.Errorf("%d of %d cells were run", tally.ran, len(cells))
	}
}

// tally adds cells up.
type tally struct {
	mu                             sync.Mutex
	ran                            int
	slowestAnswer, slowestRecovery struct {
		took time.Duration
		cell cell
	}
}

// runAll runs cells from a queue in a shop, and in a new one after each that fails.
func (y *tally) runAll(t *testing.T, queue <-chan cell) {
	for c := range queue {
		if !y.runUntilFailure(t, c, queue) {
			return
		}
	}
}

// runUntilFailure runs a cell and those that follow it in a new shop.
func (y *tally) runUntilFailure(t *testing.T, c cell, queue <-chan cell) bool {
	a, end, err := openShop(t.Context(), 1_000_000, "inventory", "payments", "carts", "shipping")
	if err != nil {
		t.Error(err)
		return false
	}
	defer func() {
		if err := end(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	}()
	for ok := true; ok; c, ok = <-queue {
		if !y.run(t, a, c) {
			break
		}
	}
	return true
}

func (y *tally) run(t *testing.T, a *auditedShop, c cell) bool {
	return t.Run(c.String(), func(t *testing.T) {
		got, err := c.run(t.Context(), a)
		if err != nil {
			t.Errorf("%v\nagain: SOUK_CELL=%s SOUK_CHAOS=%s go test ./chaos -run CrashMatrix", err, c, os.Getenv("SOUK_CHAOS"))
			return
		}
		t.Logf("%s: %s", c, got)
		y.add(c, got)
	})
}

func (y *tally) add(c cell, r result) {
	y.mu.Lock()
	defer y.mu.Unlock()
	y.ran++
	if r.answered > y.slowestAnswer.took {
		y.slowestAnswer.took, y.slowestAnswer.cell = r.answered, c
	}
	if r.clean > y.slowestRecovery.took {
		y.slowestRecovery.took, y.slowestRecovery.cell = r.clean, c
	}
}
