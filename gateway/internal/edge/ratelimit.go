package edge

import (
	"log/slog"
	"math"
	"net"
	"net/http"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/time/rate"
)

const (
	// Addresses remembered at once; the longest unseen are forgotten first.
	maxAddresses = 100_000
	forgetAfter  = 10 * time.Minute
)

// What one address may do, in requests a second and at once.
var (
	browsing = limit{perSecond: 100, burst: 200}
	// Passwords cost us tens of milliseconds each, and are what is guessed.
	signingIn = limit{perSecond: 5, burst: 20}
)

type limit struct {
	perSecond rate.Limit
	burst     int
}

// limiter holds a token bucket for each client address.
type limiter struct {
	limit   limit
	buckets *otter.Cache[string, *rate.Limiter]
}

func newLimiter(l limit) *limiter {
	return &limiter{limit: l, buckets: otter.Must(&otter.Options[string, *rate.Limiter]{
		MaximumSize:      maxAddresses,
		ExpiryCalculator: otter.ExpiryAccessing[string, *rate.Limiter](forgetAfter),
	})}
}

// wait returns 0 when address may go on, else how long it has to wait.
func (l *limiter) wait(address string) time.Duration {
	bucket, ok := l.buckets.GetIfPresent(address)
	if !ok {
		bucket, _ = l.buckets.SetIfAbsent(address, rate.NewLimiter(l.limit.perSecond, l.limit.burst))
	}
	reservation := bucket.Reserve()
	delay := reservation.Delay()
	if delay > 0 {
		reservation.Cancel()
	}
	return delay
}

// RateLimit answers 429 to an address that asks too often, soonest for signing in and up.
func RateLimit(next http.Handler, logger *slog.Logger) http.Handler {
	return rateLimit(next, logger, newLimiter(browsing), newLimiter(signingIn))
}

func rateLimit(next http.Handler, logger *slog.Logger, all, sessions *limiter) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		address, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			address = r.RemoteAddr
		}
		delay := all.wait(address)
		if delay == 0 && r.Method == http.MethodPost && (r.URL.Path == "/v1/sessions" || r.URL.Path == "/v1/customers") {
			delay = sessions.wait(address)
		}
		if delay > 0 {
			p := NewProblem(http.StatusTooManyRequests, "rate_limited", "Too many requests from this address.")
			WriteError(r.Context(), w, logger, retryAfter(p, int(math.Ceil(delay.Seconds()))))
			return
		}
		next.ServeHTTP(w, r)
	})
}
