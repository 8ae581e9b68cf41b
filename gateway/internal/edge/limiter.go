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
	// Clients remembered at once by each limiter; the longest unseen are forgotten first.
	maxClients = 100_000
	// A client is remembered for at least so long, and until it has its whole allowance back.
	minMemory = 10 * time.Minute
)

// limit is how much one client may do: requests a second, and at once.
type limit struct {
	// name is what the RateLimit headers call it; whose completes "Too many …" for a person.
	name, whose string
	perSecond   rate.Limit
	burst       int
}

// times returns a limit of n times as much.
func (l limit) times(n int) limit {
	l.perSecond *= rate.Limit(n)
	l.burst *= n
	return l
}

// refill returns how long an allowance that is used up takes to be whole again.
func (l limit) refill() time.Duration {
	return time.Duration(float64(l.burst) / float64(l.perSecond) * float64(time.Second))
}

// limiter holds a token bucket for each client, by whatever it is known by.
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

// take lets the client go on or not, and says what it may still do.
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
	// left is how many more requests it may send at once.
	left float64
	// wait is 0 when the client may go on, else how long it has to wait.
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
