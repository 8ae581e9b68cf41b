package overload

import (
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	// Connections of the visitors. When all wait for an answer, visitors who come then wait as well, and that is counted.
	conns = 600
	// An answer that comes later is of no use to anybody.
	useful = time.Second
)

// load is what came of so many visits a second.
type load struct {
	rate    float64
	lasted  time.Duration
	answers []answer
}

// visits has so many visits a second begin for a while, whether or not those before have ended, and waits for all of them.
func (v *visitors) visits(rate float64, lasting time.Duration) load {
	due := make(chan time.Time, int(rate*lasting.Seconds())+1)
	l := load{rate: rate, lasted: lasting}
	var mu sync.Mutex
	tell := func(a answer) {
		mu.Lock()
		defer mu.Unlock()
		l.answers = append(l.answers, a)
	}
	var all sync.WaitGroup
	for range conns {
		all.Go(func() {
			via := &conn{addr: v.addr, patience: v.patience}
			defer via.close()
			for at := range due {
				v.visit(via, at, tell)
			}
		})
	}
	schedule(rate, lasting, due)
	all.Wait()
	return l
}

// schedule sends the time at which each visit is to begin once it has come. Several may be due at a tick.
func schedule(rate float64, lasting time.Duration, due chan<- time.Time) {
	defer close(due)
	start := time.Now()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for sent := 0.0; ; {
		now := <-tick.C
		for ; sent < rate*min(now.Sub(start), lasting).Seconds(); sent++ {
			due <- start.Add(time.Duration(sent / rate * float64(time.Second)))
		}
		if now.Sub(start) >= lasting {
			return
		}
	}
}

func good(a answer) bool { return (a.status == 200 || a.status == 201) && a.took < useful }

func refused(a answer) bool { return a.status == 503 }

func browses(a answer) bool { return !a.checkout }

func buys(a answer) bool { return a.checkout }

// count returns how many answers are all of it.
func (l load) count(is ...func(answer) bool) (n int) {
	for _, a := range l.answers {
		if !slices.ContainsFunc(is, func(f func(answer) bool) bool { return !f(a) }) {
			n++
		}
	}
	return n
}

// goodput is how many useful answers there were a second.
func (l load) goodput() float64 { return float64(l.count(good)) / l.lasted.Seconds() }

// success is the part of a class's requests that were answered well.
func (l load) success(class func(answer) bool) float64 {
	return float64(l.count(class, good)) / float64(max(1, l.count(class)))
}

// percentile returns how long that part of the answers that are so took at most.
func (l load) percentile(part float64, is func(answer) bool) time.Duration {
	var took []time.Duration
	for _, a := range l.answers {
		if is(a) {
			took = append(took, a.took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[min(len(took)-1, int(part*float64(len(took))))]
}

func (l load) String() string {
	other := len(l.answers) - l.count(good) - l.count(refused)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%.0f visits/s: goodput %.0f/s (p50 %.0f ms, p99 %.0f ms), %.0f/s refused (p50 %.1f ms, p95 %.1f ms, p99 %.1f ms), %d late or failed; "+
		"good: checkout %.0f %% of %d, browsing %.0f %%",
		l.rate, l.goodput(), ms(l.percentile(.5, good)), ms(l.percentile(.99, good)),
		float64(l.count(refused))/l.lasted.Seconds(), ms(l.percentile(.5, refused)), ms(l.percentile(.95, refused)), ms(l.percentile(.99, refused)), other,
		100*l.success(buys), l.count(buys), 100*l.success(browses))
}
