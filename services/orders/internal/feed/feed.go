// Package feed is responsible for following another service's feed of changes, so that every change is applied at least once, whatever
// dies in between and however many replicas follow.
//
// The position in the feed is saved after the changes of a page were applied, in one transaction with those that have to wait. When a
// process dies in between, the changes are told again, and are known then.
package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"souk/platform/outage"
	"souk/platform/pgfeed"

	"souk/services/orders/internal/order"
)

const (
	// Every is how often to follow a feed.
	Every = time.Second
	// wait is how long the other service waits for a change before it answers.
	wait = 300 * time.Millisecond
	// standBack is how long a replica leaves the feed to another one that was quicker.
	standBack = 5 * time.Second
)

// News are the changes since a position in a feed.
type News[T any] struct {
	Changes []T
	// Position is where to go on from.
	Position string
	// More says that there are more changes.
	More bool
	// Reset says that the position that was asked from is not known. Changes before the new one are not told.
	Reset bool
}

// Feed is a feed, and what to do with its changes.
type Feed[T any] struct {
	// Name says whose changes they are, in errors.
	Name string
	// News returns the next page of changes since a position. If there are none, it waits for one, but no longer than wait.
	News func(ctx context.Context, position string, wait time.Duration) (News[T], error)
	// Apply applies changes, and returns those that have to wait.
	Apply func(ctx context.Context, changes []T) (waiting []T, err error)
	// CatchUp asks for everything that may have changed and applies it.
	CatchUp func(ctx context.Context) (waiting []T, err error)
	// Position returns how far the feed has been followed. It is empty before the first time.
	Position func(ctx context.Context) (string, error)
	// SavePosition saves how far the feed has been followed, together with the changes that have to wait. It returns order.ErrConflict
	// when the position is not from any more.
	SavePosition func(ctx context.Context, from, to string, waiting []T) error
}

// Follow applies all changes that are new.
func (f Feed[T]) Follow(ctx context.Context) error {
	pgfeed.Begin(f.Name)
	for {
		more, err := f.followPage(ctx)
		if errors.Is(err, order.ErrConflict) {
			outage.Sleep(ctx, standBack)
			return nil
		}
		if err != nil || !more {
			return err
		}
	}
}

// followPage applies the changes on the next page, and reports whether there is another page. It returns order.ErrConflict when another
// replica was quicker.
func (f Feed[T]) followPage(ctx context.Context) (more bool, err error) {
	position, err := f.Position(ctx)
	if err != nil {
		return false, err
	}
	news, err := f.News(ctx, position, wait)
	if err != nil {
		return false, fmt.Errorf("follow %s: %w", f.Name, err)
	}
	pgfeed.CountRead(f.Name, len(news.Changes))
	var waiting []T
	if news.Reset {
		waiting, err = f.CatchUp(ctx)
	} else {
		waiting, err = f.Apply(ctx, news.Changes)
	}
	if err != nil {
		return false, err
	}
	if news.Position == position && len(waiting) == 0 {
		return news.More, nil
	}
	return news.More, f.SavePosition(ctx, position, news.Position, waiting)
}
