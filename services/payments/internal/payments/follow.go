package payments

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

const (
	// FollowEvery is how often to look for payments that the provider is to be asked about.
	FollowEvery = time.Second
	// Payments that are taken at once.
	followBatch = 100
	// How many payments the provider is asked about at once.
	followConcurrency = 8
	// lease is how long a payment is left to the replica that asks about it. It is asked about again then, if that replica died.
	lease = 3 * time.Minute
	// unknownFor is how long an outcome may be unknown until a person has to look.
	unknownFor = 24 * time.Hour

	forever = time.Duration(1<<63 - 1)
)

// rest says how long the provider is left alone about a payment: as long as the payment has been the same, but least and most at
// least and at most. It is not asked any more about a payment that has been the same for until. Webhooks come sooner, and at any time.
type rest struct{ least, most, until time.Duration }

var rests = map[Status]rest{
	Pending:    {time.Minute, time.Hour, forever},
	Authorized: {time.Hour, 6 * time.Hour, forever},
	// What was lost before the void may show up at the provider.
	Voided: {time.Minute, 6 * time.Hour, 24 * time.Hour},
	// Refunds fail within 30 days: https://docs.stripe.com/refunds#failed-refunds
	Captured: {time.Hour, 7 * 24 * time.Hour, 60 * 24 * time.Hour},
}

// next returns when to ask about what has been the same since a moment; zero for never.
func (r rest) next(since, now time.Time) time.Time {
	same := max(now.Sub(since), 0)
	if r.until == 0 || same > r.until {
		return time.Time{}
	}
	return now.Add(min(max(same, r.least), r.most))
}

// askFirst returns when to ask about what has just got a status.
func askFirst(status Status) time.Time {
	now := time.Now()
	return rests[status].next(now, now)
}

// earlier returns the earlier of two times, of which zero is neither.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// nextAsk returns when the provider is to be asked about the payment again; zero for never.
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

// Follow asks the provider about all payments that are due, because a webhook may be lost. Any number of replicas may follow at once.
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

// refreshAll refreshes payments and returns what failed. A bank that has still to decide is no failure.
func (s *Service) refreshAll(ctx context.Context, due []Payment) (failed []error) {
	var mu sync.Mutex
	var group errgroup.Group
	group.SetLimit(followConcurrency)
	for _, p := range due {
		group.Go(func() error {
			if _, err := s.refresh(ctx, p); err != nil {
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
