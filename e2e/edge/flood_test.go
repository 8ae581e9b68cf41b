package edge

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"souk/e2e/openloop"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

const (
	floodPerSecond  = 100
	browsePerSecond = 40
	measured        = 3 * time.Second
)

// browse looks at products for a while, and returns how long 50 and 99 of a hundred looks take at most.
func browse(t *testing.T, client *http.Client, url string) (p50, p99 time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), measured)
	defer cancel()
	var mu sync.Mutex
	var took []time.Duration
	openloop.Run(ctx, browsePerSecond, func(int) {
		start := time.Now()
		resp, err := client.Get(url + "/v1/products")
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			t.Errorf("browsing is answered %d", resp.StatusCode)
		}
		mu.Lock()
		defer mu.Unlock()
		took = append(took, time.Since(start))
	})
	slices.Sort(took)
	return took[len(took)/2], took[len(took)*99/100]
}

// answers counts answers by their status.
type answers struct {
	mu    sync.Mutex
	count map[int]int
}

func (a *answers) add(status int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.count[status]++
}

// flood tries passwords until ctx is done, of an account that is there and of others that are not, from so many addresses.
func flood(ctx context.Context, t *testing.T, url string, addresses int) *answers {
	t.Helper()
	clients := make([]*http.Client, addresses)
	for i := range clients {
		clients[i] = from(t, fmt.Sprintf("127.0.1.%d", i+1))
	}
	a := &answers{count: map[int]int{}}
	openloop.Run(ctx, floodPerSecond, func(i int) {
		email := fmt.Sprintf("nobody-%d@example.com", i)
		if i%4 == 0 {
			email = "ada@example.com"
		}
		status, _, err := login(context.WithoutCancel(ctx), clients[i%addresses], url, email, fmt.Sprintf("guess number %d", i))
		if err != nil {
			t.Error(err)
		}
		a.add(status)
	})
	return a
}

// open returns a shop with a customer and some products.
func open(t *testing.T, env ...string) *testshop.Shop {
	t.Helper()
	s := start(t, env...)
	c := shop.New(s.URL())
	staff, _, err := c.Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\n")
	for i := range 100 {
		file = fmt.Appendf(file, "cup-%d,Cup %d,CUP-%d,5,9\n", i, i, i)
	}
	if _, err := staff.Import(t.Context(), file); err != nil {
		t.Fatal(err)
	}
	if _, _, err := c.Register(t.Context(), "ada@example.com", "correct horse", "Ada"); err != nil {
		t.Fatal(err)
	}
	return s
}

const (
	// What is taken for as quick as ever, however quick it was: less than a person notices.
	unnoticed = 100 * time.Millisecond
	// A machine with a slower quiet, or that sends less of the flood, has other work to do: nothing is measured on it.
	quietest  = 250 * time.Millisecond
	leastSent = floodPerSecond * int(measured/time.Second) * 9 / 10
)

func TestALoginFloodLeavesBrowsingAsItWas(t *testing.T) {
	s := open(t)
	shopper := from(t, "127.0.0.2")
	browse(t, shopper, s.URL()) // until everything is warm
	for name, addresses := range map[string]int{"few addresses": 2, "many addresses": 100} {
		t.Run(name, func(t *testing.T) {
			// What disturbs a measurement only ever slows it down: it has to hold once.
			counted := 0
			for range 3 {
				round := floodBeside(t, s, shopper, addresses)
				if !round.counts() {
					continue
				}
				counted++
				if round.beside <= max(2*round.quiet, unnoticed) {
					return
				}
			}
			if counted == 0 {
				t.Skip("this machine is too busy to measure on")
			}
			t.Error("browsing is slower in a flood of logins")
		})
	}
}

// round is browsing in the quiet and beside a flood, 99 of a hundred looks.
type round struct {
	quiet, beside time.Duration
	sent          int
}

// counts reports whether the machine was free enough for the round to say something.
func (r round) counts() bool { return r.quiet <= quietest && r.sent >= leastSent }

func floodBeside(t *testing.T, s *testshop.Shop, shopper *http.Client, addresses int) round {
	t.Helper()
	_, quiet := browse(t, shopper, s.URL())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var answered *answers
	var done sync.WaitGroup
	done.Go(func() { answered = flood(ctx, t, s.URL(), addresses) })
	p50, beside := browse(t, shopper, s.URL())
	cancel()
	done.Wait()
	r := round{quiet: quiet, beside: beside}
	for _, n := range answered.count {
		r.sent += n
	}
	t.Logf("measured: beside %d logins in %v from %d addresses (answered %v) browsing has p50 %v, p99 %v; quiet p99 %v; counts: %v",
		r.sent, measured, addresses, answered.count, p50, beside, quiet, r.counts())
	return r
}

func TestStrangersGuessSlowlyAndDoNotKeepTheOwnerOut(t *testing.T) {
	s := open(t)
	url := s.URL()
	owner, session, err := shop.New(url).Login(t.Context(), "ada@example.com", "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	count := map[int]int{}
	for i := range 60 {
		status, retryAfter, err := login(t.Context(), from(t, fmt.Sprintf("127.0.2.%d", i%20+1)), url, "Ada@Example.com", "a guess")
		if err != nil {
			t.Fatal(err)
		}
		count[status]++
		if seconds, err := strconv.Atoi(retryAfter); status == http.StatusTooManyRequests && (err != nil || seconds < 1 || seconds > 60) {
			t.Errorf("Retry-After %q, want 1 to 60", retryAfter)
		}
	}
	// The owner was a stranger when she logged in first; the machine may be slow enough for some more.
	if n := count[http.StatusUnauthorized]; n < 18 || n > 22 || n+count[http.StatusTooManyRequests] != 60 {
		t.Errorf("60 guesses from 20 addresses are answered %v, want some 20 of 401 and the rest 429", count)
	}
	if _, _, err := shop.New(url).Login(t.Context(), "ada@example.com", "correct horse"); err != nil {
		t.Errorf("the owner cannot log in where she did before: %v", err)
	}
	if err := owner.Do(t.Context(), http.MethodGet, "/v1/me", nil, nil); err != nil {
		t.Errorf("the owner's token: %v", err)
	}
	refresh := map[string]string{"refresh_token": session.RefreshToken}
	if err := owner.Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", refresh, nil); err != nil {
		t.Errorf("the owner's refresh: %v", err)
	}
}
