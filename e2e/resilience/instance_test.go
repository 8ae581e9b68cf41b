package resilience

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"souk/deploy/local/stack"
	"souk/e2e/faultproxy"
	"souk/e2e/poll"
	"souk/platform/balance"
	"souk/testkit/certtest"
	"souk/testkit/scrape"
)

const (
	// A wrong instance is to be found within this time.
	foundWithin = 3 * time.Second
	// Of the requests afterwards no more may fail than this part.
	mostFail = 0.01
	// An instance that is well again is back within this time: at most a minute after the trial before.
	backWithin = 90 * time.Second
	// So many clients make journeys at once, each of them one after the other.
	clientsAtOnce = 2
)

// openPairs starts a shop with two instances of each service, the second behind a proxy.
func openPairs(t *testing.T) *proxiedShop {
	t.Helper()
	p := &proxiedShop{dependencies: map[string]dependency{}}
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	cfg := stack.Config{
		Authority: authority, Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"},
		Replicas: map[string]int{}, PartEnv: map[string][]string{},
	}
	for _, name := range stack.Services {
		proxy, err := faultproxy.NewProxy(name, authority)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = proxy.Close() })
		p.dependencies[name] = &service{Proxy: proxy, name: name}
		cfg.Replicas[name], cfg.PartEnv[name+"-2"] = 2, proxy.Env()
	}
	p.start(t, cfg)
	return p
}

// meter counts the requests to a shop, and those that failed.
type meter struct {
	http.RoundTripper

	mu       sync.Mutex
	from     time.Time // since when it counts; zero for not yet
	requests int
	failed   map[string]int // by what failed
}

func newMeter(next http.RoundTripper) *meter {
	return &meter{RoundTripper: next, failed: map[string]int{}}
}

// start has requests counted that begin from now on.
func (m *meter) start() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.from = time.Now()
}

// RoundTrip implements http.RoundTripper.
func (m *meter) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := m.RoundTripper.RoundTrip(r)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.from.IsZero() || began.Before(m.from) {
		return resp, err
	}
	m.requests++
	if err != nil || resp.StatusCode >= http.StatusInternalServerError {
		m.failed[r.Method+" "+r.URL.Path]++
	}
	return resp, err
}

// note counts an answer as failed that is no server error, but not what the table says.
func (m *meter) note(began time.Time, journey, cell string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.from.IsZero() && !began.Before(m.from) {
		m.failed[journey+": "+cell]++
	}
}

func (m *meter) total() (requests, failed int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, n := range m.failed {
		failed += n
	}
	return m.requests, failed
}

// makeJourneys makes all journeys, one after the other, until ctx is done.
func (c *clients) makeJourneys(ctx context.Context, r row, m *meter) error {
	for ctx.Err() == nil {
		if err := c.prepare(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("prepare: %w", err)
		}
		for _, j := range journeys {
			began := time.Now()
			o := j.run(context.WithoutCancel(ctx), c, false)
			for i, got := range o.answers {
				if got.Response == nil || got.Status >= http.StatusInternalServerError {
					continue // which the meter has seen
				}
				said, err := got.wordsOf(c.fresh[o.requests[i].name()])
				if cell := cellOf(said); err != nil || cell != r.cells[j.name] {
					m.note(began, j.name, fmt.Sprint(cell, err))
				}
			}
		}
	}
	return nil
}

// load has clients make journeys until ctx is done.
func (p *proxiedShop) load(ctx context.Context, all []*clients, r row, m *meter) error {
	errs := make(chan error, len(all))
	for _, c := range all {
		go func() { errs <- c.makeJourneys(ctx, r, m) }()
	}
	var first error
	for range all {
		if err := <-errs; first == nil {
			first = err
		}
	}
	return first
}

// ejected returns the services of which the gateway leaves an instance alone because it is an outlier.
func (p *proxiedShop) ejected(ctx context.Context) ([]string, error) {
	admin, err := p.adminOf(ctx, stack.Gateway)
	if err != nil {
		return nil, err
	}
	metrics, err := scrape.Read(ctx, admin)
	if err != nil {
		return nil, err
	}
	services := metrics.Values("souk_instances_left_alone", "peer", "reason", balance.Outlier)
	slices.Sort(services)
	return services, nil
}

// reached returns how many calls came to the proxies so far.
func (p *proxiedShop) reached() (calls int64) {
	for _, name := range stack.Services {
		for n := range maps.Values(p.proxy(name).Calls()) {
			calls += int64(n)
		}
	}
	return calls
}

// TestOneOfTwoInstancesIsWrong checks the last row of the table: a bad release of every service, in half of its instances.
func TestOneOfTwoInstancesIsWrong(t *testing.T) {
	_, last := readTable(t)
	p := openPairs(t)
	m := newMeter(p.anyone.HTTP.Transport)
	p.anyone.HTTP.Transport = m
	all := make([]*clients, clientsAtOnce)
	for i := range all {
		var err error
		if all[i], err = newClients(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	measured := 20 * time.Second
	if full() {
		measured = 2 * time.Minute
	}
	ctx, cancel := context.WithTimeout(t.Context(), foundWithin+measured)
	defer cancel()
	for _, name := range stack.Services {
		p.proxy(name).Respond(faultproxy.Fail(codes.Internal))
	}
	var before atomic.Int64
	time.AfterFunc(foundWithin, func() { m.start(); before.Store(p.reached()) })
	if err := p.load(ctx, all, last, m); err != nil {
		t.Error(err)
	}
	after := p.reached()
	ejected, err := p.ejected(t.Context())
	if err != nil {
		t.Error(err)
	}
	requests, failed := m.total()
	t.Logf("measured: %d of %d requests failed (%v), %d calls reached the wrong instances, the gateway has ejected those of %q",
		failed, requests, m.failed, after-before.Load(), ejected)
	if requests < 500 || float64(failed) > mostFail*float64(requests) {
		t.Errorf("%d of %d requests failed, want at most %v of 500 or more", failed, requests, mostFail)
	}
	p.recover(t, all, last)
}

// recover repairs all instances, and waits until all are called again and the books are clean.
func (p *proxiedShop) recover(t *testing.T, all []*clients, r row) {
	t.Helper()
	for _, name := range stack.Services {
		p.proxy(name).Respond(nil)
	}
	repaired := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	loaded := make(chan error, 1)
	go func() { loaded <- p.load(ctx, all, r, newMeter(nil)) }()
	err := poll.Until(ctx, backWithin, func(ctx context.Context) error {
		ejected, err := p.ejected(ctx)
		if err == nil && len(ejected) > 0 {
			err = fmt.Errorf("the gateway leaves instances of %q alone", ejected)
		}
		return err
	})
	cancel()
	if err := errors.Join(err, <-loaded); err != nil {
		t.Error(err)
	}
	t.Logf("measured: all instances in use %v after they were repaired", time.Since(repaired))
	if err := poll.Until(t.Context(), healsWithin, p.books); err != nil {
		t.Errorf("the books: %v", err)
	}
}
