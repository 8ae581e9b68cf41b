package admission_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/metadata"

	"souk/platform/admission"
)

// withClass returns the test's context with a class.
func withClass(t *testing.T, class admission.Class) context.Context {
	t.Helper()
	return admission.WithClass(t.Context(), class)
}

// takeAll takes all four places of a limiter.
func takeAll(t *testing.T, l *admission.Limiter) []*admission.Place {
	t.Helper()
	return append(take(t, l, admission.Checkout, 1), take(t, l, admission.Browsing, 3)...)
}

// take takes n places.
func take(t *testing.T, l *admission.Limiter, class admission.Class, n int) []*admission.Place {
	t.Helper()
	places := make([]*admission.Place, n)
	for i := range places {
		var err error
		if places[i], err = l.Enter(withClass(t, class)); err != nil {
			t.Fatalf("place %d of %d: %v", i, n, err)
		}
	}
	return places
}

// queue starts n pieces of work that wait for a place. The returned function returns their errors, in the order in which they
// ended.
func queue(t *testing.T, l *admission.Limiter, class admission.Class, n int) func() []error {
	t.Helper()
	var mu sync.Mutex
	var ended []error
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			_, err := l.Enter(withClass(t, class))
			mu.Lock()
			defer mu.Unlock()
			ended = append(ended, err)
		})
	}
	synctest.Wait()
	return func() []error { all.Wait(); return ended }
}

func TestWorkIsRefusedAtOnceIfTheQueueIsFull(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(4)
		takeAll(t, l)
		wait := queue(t, l, admission.Browsing, 8)
		start := time.Now()
		if !l.Full(admission.Browsing) || l.Full(admission.Checkout) {
			t.Error("it is not full for browsing alone")
		}
		if _, err := l.Enter(withClass(t, admission.Browsing)); !errors.Is(err, admission.ErrOverloaded) || time.Since(start) != 0 {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		wait()
	})
}

func TestWorkIsRefusedAfterTheLongestWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(1)
		first := take(t, l, admission.Browsing, 1)
		for class, longest := range map[admission.Class]time.Duration{admission.Browsing: time.Second, admission.Checkout: 10 * time.Second} {
			start := time.Now()
			if _, err := l.Enter(withClass(t, class)); !errors.Is(err, admission.ErrOverloaded) {
				t.Errorf("%v: %v", class, err)
			}
			if waited := time.Since(start); waited != longest {
				t.Errorf("%v is refused after %v, want %v", class, waited, longest)
			}
		}
		first[0].Leave()
		take(t, l, admission.Browsing, 1) // its turn is not lost to the one that left the queue
	})
}

func TestWorkOfACanceledCallerLeavesTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(1)
		first := take(t, l, admission.Checkout, 1)
		ctx, cancel := context.WithTimeout(withClass(t, admission.Checkout), time.Millisecond)
		defer cancel()
		if _, err := l.Enter(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("err = %v", err)
		}
		first[0].Leave()
		take(t, l, admission.Checkout, 1)
	})
}

func TestEachClassLeavesAQuarterOfThePlacesToTheOther(t *testing.T) {
	t.Parallel()
	for _, class := range []admission.Class{admission.Browsing, admission.Checkout} {
		synctest.Test(t, func(t *testing.T) {
			l := admission.New(8)
			take(t, l, class, 6)
			if _, err := l.Enter(withClass(t, class)); !errors.Is(err, admission.ErrOverloaded) {
				t.Errorf("%v took the 7th place of 8: %v", class, err)
			}
			other := admission.Checkout - class
			take(t, l, other, 2)
			if _, err := l.Enter(withClass(t, other)); !errors.Is(err, admission.ErrOverloaded) {
				t.Errorf("there is a 9th place of 8: %v", err)
			}
		})
	}
}

func TestCheckoutWaitsAheadOfBrowsing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(4)
		places := takeAll(t, l)
		browsing := queue(t, l, admission.Browsing, 2)
		checkout := queue(t, l, admission.Checkout, 2)
		for _, p := range places[:2] {
			p.Leave()
			p.Leave() // which changes nothing
		}
		if got := checkout(); !slices.Equal(got, []error{nil, nil}) {
			t.Errorf("checkout: %v", got)
		}
		if got := browsing(); !slices.Equal(got, []error{admission.ErrOverloaded, admission.ErrOverloaded}) {
			t.Errorf("browsing: %v", got)
		}
	})
}

func TestAFreePlaceGoesToTheNewestInTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(4)
		places := take(t, l, admission.Browsing, 3)
		var order []string
		var all sync.WaitGroup
		for i := range 2 {
			all.Go(func() {
				p, err := l.Enter(withClass(t, admission.Browsing))
				if err != nil {
					t.Error(err)
				}
				order = append(order, fmt.Sprint(i))
				p.Leave()
			})
			synctest.Wait()
		}
		places[0].Leave()
		all.Wait()
		if !slices.Equal(order, []string{"1", "0"}) {
			t.Errorf("served in the order %v", order)
		}
	})
}

func TestAQueueThatStaysFullBecomesShort(t *testing.T) {
	t.Parallel()
	for class, longest := range map[admission.Class]time.Duration{admission.Browsing: time.Second, admission.Checkout: 10 * time.Second} {
		synctest.Test(t, func(t *testing.T) {
			l := admission.New(8)
			take(t, l, class, 6)
			for range 5 { // so that three wait all the time
				if queue(t, l, class, 1); l.Full(class) {
					t.Errorf("%v: there is no room for a crowd", class)
				}
				time.Sleep(longest / 4)
			}
			if !l.Full(class) {
				t.Errorf("%v: more than two may wait for 8 places though the queue has been standing for %v", class, longest)
			}
			time.Sleep(longest)
			if queue(t, l, class, 4); l.Full(class) {
				t.Errorf("%v: there is no room for a crowd that came after all had left", class)
			}
		})
	}
}

func TestYieldGivesThePlaceBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := admission.New(1)
		place := take(t, l, admission.Checkout, 1)
		admission.Yield(admission.WithPlace(t.Context(), place[0]))
		next := take(t, l, admission.Checkout, 1)
		place[0].Leave() // as who took it does at the end: the place is the next one's
		if _, err := l.Enter(withClass(t, admission.Checkout)); err == nil {
			t.Error("a place was left twice")
		}
		next[0].Leave()
		admission.Yield(t.Context()) // of work without a place
	})
}

func TestANilLimiterAdmitsEverything(t *testing.T) {
	t.Parallel()
	none := admission.New(0)
	place, err := none.Enter(t.Context())
	if err != nil || none.Full(admission.Browsing) {
		t.Errorf("refused: %v", err)
	}
	place.Leave()
}

func TestAClassTravelsWithItsCalls(t *testing.T) {
	t.Parallel()
	for _, class := range []admission.Class{admission.Browsing, admission.Checkout} {
		sent, _ := metadata.FromOutgoingContext(admission.Outgoing(withClass(t, class)))
		if got := admission.ClassOf(admission.Incoming(metadata.NewIncomingContext(t.Context(), sent))); got != class {
			t.Errorf("%v arrives as %v", class, got)
		}
	}
}

func TestAnUnknownClassIsBrowsing(t *testing.T) {
	t.Parallel()
	for _, values := range [][]string{{"staff"}, {"checkout", "checkout"}, {""}} {
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{"souk-class": values})
		if got := admission.ClassOf(admission.Incoming(ctx)); got != admission.Browsing {
			t.Errorf("%q is %v", values, got)
		}
	}
}

func BenchmarkEnter(b *testing.B) {
	l := admission.New(64)
	ctx := b.Context()
	b.ReportAllocs()
	for b.Loop() {
		p, err := l.Enter(ctx)
		if err != nil {
			b.Fatal(err)
		}
		p.Leave()
	}
}
