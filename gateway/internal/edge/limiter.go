package edge

import (
	"math"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"

	"souk/gateway/internal/api"
)

const (
	// The maximum number of clients that a limiter remembers. It forgets first the clients that it has not seen for the longest
	// time.
	maxClients = 100_000
	// The minimum time for which a client is remembered. It is longer for limits that take longer to refill.
	minMemory = 10 * time.Minute
)

// limit is the number of requests that one client may send.
type limit struct {
	// name is the limit's name in the RateLimit headers. whose completes the message "Too many …".
	name, whose string
	// burst is the number of requests allowed at once. It refills at the rate perSecond.
	perSecond rate.Limit
	burst     int
}

// times returns a limit n times as high.
func (l limit) times(n int) limit {
	l.perSecond *= rate.Limit(n)
	l.burst *= n
	return l
}

// refill returns how long an empty bucket takes to refill.
func (l limit) refill() time.Duration {
	return time.Duration(float64(l.burst) / float64(l.perSecond) * float64(time.Second))
}

// limiter has a token bucket for each client. The caller decides what identifies a client.
type limiter struct {
	limit   limit
	buckets *otter.Cache[string, *rate.Limiter]
}

// clock is the clock of caches whose expired entries are removed each minute. By default that is each second, which costs a
// goroutine's turn for each of the many limiters. An entry that has expired is not found either way.
type clock struct{}

// NowNano implements otter.Clock.
func (clock) NowNano() int64 { return time.Now().UnixNano() }

// Tick implements otter.Clock.
func (clock) Tick(time.Duration) <-chan time.Time { return time.Tick(time.Minute) }

func newLimiter(l limit) *limiter {
	return &limiter{limit: l, buckets: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize: maxClients, Clock: clock{},
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](max(minMemory, l.refill())),
	})}
}

// take takes one request from the client's bucket if there is one left, and returns the state of the bucket.
func (l *limiter) take(client string) quota {
	bucket, ok := l.buckets.GetIfPresent(client)
	if !ok {
		bucket, _ = l.buckets.SetIfAbsent(client, rate.NewLimiter(l.limit.perSecond, l.limit.burst))
	}
	reservation := bucket.Reserve()
	wait := reservation.Delay()
	if wait > 0 {
		reservation.Cancel()
	}
	return quota{limit: l.limit, left: max(0, bucket.Tokens()), wait: wait}
}

// quota is the state of a client's limit.
type quota struct {
	limit limit
	// left is the number of requests that the client may send at once now.
	left float64
	// wait is how long the client must wait; 0 if this request is allowed.
	wait time.Duration
}

// err returns the problem for a refused request, and nil for an allowed one.
func (q quota) err() error {
	if q.wait == 0 {
		return nil
	}
	p := NewProblem(http.StatusTooManyRequests, api.ProblemCodeRateLimited, "Too many "+q.limit.whose+".")
	return retryAfter(p, int(math.Ceil(q.wait.Seconds())))
}
