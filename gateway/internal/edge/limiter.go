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
	maxClients  = 100_000
	forgetAfter = 10 * time.Minute
)

// limit is how much one client may do: requests a second, and at once.
type limit struct {
	perSecond rate.Limit
	burst     int
}

// limiter holds a token bucket for each client, by whatever it is known by.
type limiter struct {
	limit   limit
	whose   string
	buckets *otter.Cache[string, *rate.Limiter]
}

// newLimiter returns a limiter whose refusals say whose requests are too many.
func newLimiter(l limit, whose string) *limiter {
	return &limiter{limit: l, whose: whose, buckets: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      maxClients,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](forgetAfter),
	})}
}

// admit returns the problem that a client gets which asks too often, and nil while it does not.
func (l *limiter) admit(client string) error {
	delay := l.wait(client)
	if delay == 0 {
		return nil
	}
	p := NewProblem(http.StatusTooManyRequests, api.ProblemCodeRateLimited, "Too many "+l.whose+".")
	return retryAfter(p, int(math.Ceil(delay.Seconds())))
}

// wait returns 0 when the client may go on, else how long it has to wait.
func (l *limiter) wait(client string) time.Duration {
	bucket, ok := l.buckets.GetIfPresent(client)
	if !ok {
		bucket, _ = l.buckets.SetIfAbsent(client, rate.NewLimiter(l.limit.perSecond, l.limit.burst))
	}
	reservation := bucket.Reserve()
	delay := reservation.Delay()
	if delay > 0 {
		reservation.Cancel()
	}
	return delay
}
