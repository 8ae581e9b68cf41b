package payments

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"souk/platform/telemetry"
)

const (
	// FollowEvery is how often a replica looks for payments that are due.
	FollowEvery = time.Second
	// The maximum number of due payments that one query claims.
	followBatch = 100
	// The maximum number of payments that a replica asks the provider about concurrently.
	followConcurrency = 8
	// lease is how long a claimed payment is not given to another replica. If the replica that claimed it dies, the payment is due
	// again after that.
	lease = 3 * time.Minute
	// unknownFor is how long an outcome may be unknown before a person must look at the payment.
	unknownFor = 24 * time.Hour

	forever = time.Duration(1<<63 - 1)
)

// rest says how long to wait before the provider is asked about a payment again: as long as the payment has been unchanged, but not
// less than least and not more than most. For example, an authorized payment that has been unchanged for 2 hours is asked about in
// another 2 hours. A payment that has been unchanged for longer than until is not asked about any more. Webhooks are handled at any
// time, whatever these limits say.
type rest struct{ least, most, until time.Duration }

var rests = map[Status]rest{
	Pending:    {time.Minute, time.Hour, forever},
	Authorized: {time.Hour, 6 * time.Hour, forever},
	// An authorization whose answer was lost before the void may still appear at the provider. Its hold must then be released.
	Voided: {time.Minute, 6 * time.Hour, 24 * time.Hour},
	// Refunds fail within 30 days: https://docs.stripe.com/refunds#failed-refunds
	Captured: {time.Hour, 7 * 24 * time.Hour, 60 * 24 * time.Hour},
}

// next returns when to ask about something that has been unchanged since the time since. Zero means never again.
func (r rest) next(since, now time.Time) time.Time {
	unchanged := max(now.Sub(since), 0)
	if r.until == 0 || unchanged > r.until {
		return time.Time{}
	}
	return now.Add(min(max(unchanged, r.least), r.most))
}

// askFirst returns when to ask the provider for the first time about a payment or refund whose status was set just now.
func askFirst(status Status) time.Time {
	now := time.Now()
	return rests[status].next(now, now)
}

// earlier returns the earlier of two times. A zero time means never, and is ignored if the other one is set.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// nextAsk returns when to ask the provider about the payment again. Zero means never.
func (c comparison) nextAsk(now time.Time) time.Time {
	next := rests[c.payment.Status].next(c.payment.ChangedAt, now)
	if c.payment.Method == "" {
		next = time.Time{}
	}
	for _, r := range c.refunds {
		if r.Status == RefundPending {
			next = earlier(next, rests[Pending].next(r.CreatedAt, now))
		}
	}
	if c.askAt.After(now) {
		next = earlier(next, c.askAt)
	}
	return next
}

// Follow asks the provider about all payments that are due, because a webhook may be lost. Any number of replicas may run it
// concurrently.
func (s *Service) Follow(ctx context.Context) error {
	var failed []error
	for ctx.Err() == nil {
		due, err := s.store.ClaimDue(ctx, followBatch, lease)
		if err != nil {
			return errors.Join(append(failed, err)...)
		}
		failed = append(failed, s.refreshAll(ctx, due)...)
		if len(due) < followBatch {
			break
		}
	}
	return errors.Join(failed...)
}

// refreshAll refreshes payments and returns the errors. It is no error if the bank has not decided yet.
func (s *Service) refreshAll(ctx context.Context, due []Payment) (failed []error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(followConcurrency)
	for _, p := range due {
		group.Go(func() error {
			ctx, end := telemetry.Resume(ctx, p.Trace, "ask provider", telemetry.Order(p.OrderID))
			_, err := s.refresh(ctx, p)
			end(err)
			if err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Errorf("payment of order %s: %w", p.OrderID, err))
			}
			return nil
		})
	}
	_ = group.Wait()
	return failed
}
