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
	// The most clients that a limiter remembers. Those that it has not seen for the longest time are forgotten first.
	maxClients = 100_000
	// The least time for which a client is remembered. A limit whose allowance takes longer to come back remembers longer.
	minMemory = 10 * time.Minute
)

// limit is how many requests one client may send.
type limit struct {
	// name is the limit's name in the RateLimit headers. whose completes "Too many …" for a person.
	name, whose string
	// burst is the allowance: the requests at once. It comes back at the rate perSecond.
	perSecond rate.Limit
	burst     int
}

// times returns a limit that is n times as high.
func (l limit) times(n int) limit {
	l.perSecond *= rate.Limit(n)
	l.burst *= n
	return l
}

// refill returns how long an allowance that is used up takes to be whole again.
func (l limit) refill() time.Duration {
	return time.Duration(float64(l.burst) / float64(l.perSecond) * float64(time.Second))
}

// limiter has a token bucket for each client. What identifies a client is up to the caller.
type limiter struct {
	limit   limit
	buckets *otter.Cache[string, *rate.Limiter]
}

func newLimiter(l limit) *limiter {
	return &limiter{limit: l, buckets: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      maxClients,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](max(minMemory, l.refill())),
	})}
}

// take spends one request of the client's allowance, if there is one left, and returns how the client stands.
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

// quota is how a client stands with a limit.
type quota struct {
	limit limit
	// left is the number of requests that the client may still send at once.
	left float64
	// wait is how long the client has to wait; 0 when this request may go on.
	wait time.Duration
}

// err is the problem of a client that asks too often, and nil for others.
func (q quota) err() error {
	if q.wait == 0 {
		return nil
	}
	p := NewProblem(http.StatusTooManyRequests, api.ProblemCodeRateLimited, "Too many "+q.limit.whose+".")
	return retryAfter(p, int(math.Ceil(q.wait.Seconds())))
}
