package fleet

import (
	"fmt"
	"os"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/testkit/scrape"
)

const (
	// What a process may hold more at the end than after the warm-up. Pools open connections as load happens to need them, and
	// each has a goroutine or two; caches and allocators settle late. A leak of a goroutine, or of a kilobyte, at every request
	// is far more than that in 20 seconds already.
	moreGoroutines = 20
	moreHeap       = 4 << 20

	// Readings of a process at rest, of which the least counts: background work comes and goes.
	readings     = 8
	readingEvery = 250 * time.Millisecond
)

// TestSoakLeavesProcessesAsTheyWere has shoppers go on for SOUK_SOAK (20s unless told), and compares what each process
// holds at rest afterwards with what it held after a warm-up.
func TestSoakLeavesProcessesAsTheyWere(t *testing.T) {
	lasts := 20 * time.Second
	if text := os.Getenv("SOUK_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			t.Fatalf("SOUK_SOAK: %v", err)
		}
	}
	complete(t, append([]string{stack.Gateway}, stack.Services...)...)
	shopFor(t, lasts/4)
	before := atRest(t)
	requests := shopFor(t, lasts)
	after := atRest(t)
	var goroutines, heap held
	for id, now := range after {
		then := before[id]
		if now.goroutines > then.goroutines+moreGoroutines || now.heap > then.heap+moreHeap {
			t.Errorf("%s held %v, and %v after %v of load", id, then, now, lasts)
		}
		if grown := now.minus(then); grown.goroutines >= goroutines.goroutines {
			goroutines = grown
		}
		if grown := now.minus(then); grown.heap >= heap.heap {
			heap = grown
		}
	}
	t.Logf("measured: %d requests in %v: of %d processes none holds more than %d goroutines and %.1f MiB more than after the warm-up",
		requests, lasts, len(after), goroutines.goroutines, float64(heap.heap)/(1<<20))
}

// shopFor has shoppers go on for a while, who are to get good answers, and returns how many.
func shopFor(t *testing.T, lasts time.Duration) int {
	t.Helper()
	l := newLoad(t)
	l.await(t, time.Now().Add(lasts), 1)
	all := l.end()
	all.failed().refuse(t)
	return len(all)
}

// held is what a process holds at rest.
type held struct {
	goroutines int
	heap       int64 // bytes
}

func (h held) minus(other held) held {
	return held{goroutines: h.goroutines - other.goroutines, heap: h.heap - other.heap}
}

func (h held) String() string {
	return fmt.Sprintf("%d goroutines and %.1f MiB", h.goroutines, float64(h.heap)/(1<<20))
}

// atRest returns what each process of the shop's own holds when nobody shops.
func atRest(t *testing.T) map[string]held {
	t.Helper()
	anyone.HTTP.CloseIdleConnections()
	var processes []instance
	for _, service := range append([]string{stack.Gateway}, stack.Services...) {
		processes = append(processes, instances(t, service)...)
	}
	tick := time.NewTicker(readingEvery)
	defer tick.Stop()
	all := map[string]held{}
	for range readings {
		for _, i := range processes {
			now := i.held(t)
			if least, known := all[i.id]; known {
				now.goroutines, now.heap = min(now.goroutines, least.goroutines), min(now.heap, least.heap)
			}
			all[i.id] = now
		}
		<-tick.C
	}
	return all
}

// held collects the process's garbage and returns what is left.
func (i instance) held(t *testing.T) held {
	t.Helper()
	if _, err := i.fetch(t.Context(), "/debug/pprof/heap?gc=1"); err != nil {
		t.Fatal(err)
	}
	metrics, err := scrape.Read(t.Context(), i.admin)
	if err != nil {
		t.Fatal(err)
	}
	return held{goroutines: int(metrics.Sum("go_goroutines")), heap: int64(metrics.Sum("go_memstats_heap_alloc_bytes"))}
}
