package recommendations

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/outage"
	"souk/platform/pgfeed"
)

const (
	// FollowEvery is how often Follow is to be called.
	FollowEvery = time.Second
	// feedWait is how long orders waits for a sale before it answers.
	feedWait = 300 * time.Millisecond
	// standBack is how long a process leaves the feed to another one that was quicker.
	standBack = 3 * time.Second
	// feedName names the feed in metrics.
	feedName = "sales"
)

// Follow stores all sales that are new. Any number of processes may follow at once.
func (s *Service) Follow(ctx context.Context) error {
	pgfeed.Begin(feedName)
	for {
		more, err := s.followPage(ctx)
		if errors.Is(err, ErrConflict) {
			followed, err := s.store.Followed(ctx)
			if err == nil && followed.Position == "" {
				continue // no other process was quicker: everything was forgotten
			}
			outage.Sleep(ctx, standBack)
			return err
		}
		if err != nil || !more {
			return err
		}
	}
}

// followPage stores the next page of sales, and reports whether there is another one.
func (s *Service) followPage(ctx context.Context) (more bool, err error) {
	followed, err := s.store.Followed(ctx)
	if err != nil {
		return false, err
	}
	news, err := s.sales.Since(ctx, followed.Position, feedWait)
	if err != nil {
		return false, fmt.Errorf("follow sales: %w", err)
	}
	pgfeed.CountRead(feedName, len(news.Baskets))
	reached := Followed{Position: news.Position, Complete: !news.More}
	if len(news.Baskets) == 0 && reached == followed {
		return news.More, nil
	}
	return news.More, s.store.Add(ctx, followed.Position, news)
}
