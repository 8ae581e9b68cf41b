// Package feed decides whether an answer from an owner, such as catalog, is still current. The owner reports changes soon after
// they happen; everything else is unchanged.
package feed

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"souk/platform/outage"
	"souk/platform/pgfeed"
)

const (
	// wait is how long the owner waits for a change before it answers that there is none.
	wait = 300 * time.Millisecond
	// alive is how long an answer of the owner is valid. After that, nothing counts as unchanged until it answers again.
	alive = 800 * time.Millisecond
	// mostIDs is the number of changed IDs remembered. With more, all earlier answers count as changed.
	mostIDs = 100_000
)

// Changes records the changes at one owner. With a nil *Changes, nothing counts as unchanged.
type Changes struct {
	// heard is the time of the owner's last report, in nanoseconds since start.
	start time.Time
	heard atomic.Int64

	mu sync.RWMutex
	// Changes are numbered in the order of their arrival, and now is the latest number. last maps an ID to the number of its
	// last change. any is the number of the last change of any ID. all is the number of the last time when everything may have
	// changed.
	last          map[string]uint64
	now, any, all uint64
	// limits are the amounts whose passing the owner reports, in ascending order.
	limits []int64
}

// NewChanges returns Changes for Follow to fill. Nothing counts as unchanged before that.
func NewChanges() *Changes {
	return &Changes{start: time.Now(), last: map[string]uint64{}}
}

// Moment is a point in the sequence of changes. The zero Moment is before all of them.
type Moment struct{ number uint64 }

// Now returns the moment to remember with an answer that is requested after this call. The answer includes all changes before
// the moment, and perhaps later ones.
func (c *Changes) Now() Moment {
	if c == nil || !c.alive() {
		return Moment{}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Moment{c.now}
}

// Holds reports whether an answer of moment m about ids is still current.
func (c *Changes) Holds(m Moment, ids ...string) bool {
	if c == nil || !c.alive() {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	if m.number < c.all || m.number == 0 {
		return false
	}
	for _, id := range ids {
		if c.last[id] > m.number {
			return false
		}
	}
	return true
}

// AllHold reports whether nothing has changed since moment m.
func (c *Changes) AllHold(m Moment) bool {
	if c == nil || !c.alive() {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return m.number != 0 && m.number >= c.any
}

// Floor returns the greatest limit that is not above an amount that Holds. The amount is still at least that, 0 if there is no such limit.
func (c *Changes) Floor(amount int64) int64 {
	if c == nil {
		return 0
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	for _, limit := range slices.Backward(c.limits) {
		if limit <= amount {
			return limit
		}
	}
	return 0
}

// HoldsAbout reports whether an answer of moment m is still current. The answer is about id or, if id is empty, about
// everything.
func (c *Changes) HoldsAbout(m Moment, id string) bool {
	if id == "" {
		return c.AllHold(m)
	}
	return c.Holds(m, id)
}

// Note records a change that this process has made, so that its author sees it at once. Without IDs, everything may have
// changed.
func (c *Changes) Note(ids ...string) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.note(ids)
}

func (c *Changes) note(ids []string) {
	c.now++
	c.any = c.now
	for _, id := range ids {
		c.last[id] = c.now
	}
	if len(ids) == 0 || len(c.last) > mostIDs {
		c.all = c.now
		clear(c.last)
	}
}

func (c *Changes) alive() bool {
	heard := c.heard.Load()
	return heard != 0 && time.Since(c.start)-time.Duration(heard) < alive
}

// Change is a change of the thing with this ID. At distinguishes changes of the same ID.
type Change struct {
	ID string
	At uint64
}

// News is a report of the owner: the changes since a position, and the next position. Reset says that everything may have
// changed. An owner of amounts reports only the changes that pass one of its Limits, which are in ascending order.
type News struct {
	Changes  []Change
	Position string
	Reset    bool
	Limits   []int64
}

// Ask asks an owner for the changes since a position. The owner may wait for a change. For an empty position it returns the
// current position.
type Ask func(ctx context.Context, position string, wait time.Duration) (News, error)

// Follow repeatedly asks the owner for changes until ctx is done. name is the name of the feed in metrics.
func (c *Changes) Follow(ctx context.Context, name string, logger *slog.Logger, ask Ask) error {
	pgfeed.Begin(name)
	position, reported := "", map[Change]bool{}
	away := outage.Backoff{First: 100 * time.Millisecond, Most: time.Second}
	for silent := false; ctx.Err() == nil; {
		news, err := askInTime(ctx, position, ask)
		switch {
		case ctx.Err() != nil:
			return nil
		case err != nil:
			if !silent {
				logger.WarnContext(ctx, "every request asks the owner, because changes are not told", "error", err)
			}
			silent = true
			away.Sleep(ctx)
			continue
		case silent:
			logger.InfoContext(ctx, "changes are told again")
			silent = false
		}
		away.Reset()
		pgfeed.CountRead(name, len(news.Changes))
		reported = c.apply(news, position == "", reported)
		position = news.Position
	}
	return nil
}

// askInTime calls ask with a timeout a little longer than wait. An owner that takes longer counts as silent.
func askInTime(ctx context.Context, position string, ask Ask) (News, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+alive/2)
	defer cancel()
	return ask(ctx, position, wait)
}

// apply records the changes that were not reported before, and returns the set of reported changes.
func (c *Changes) apply(news News, first bool, reported map[Change]bool) map[Change]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := make(map[Change]bool, len(news.Changes))
	var ids []string
	for _, change := range news.Changes {
		now[change] = true
		if !reported[change] {
			ids = append(ids, change.ID)
		}
	}
	// An older instance of the owner may name fewer limits. All are reported nevertheless, because the owner's database does that.
	moreLimits := len(news.Limits) > len(c.limits)
	if moreLimits {
		c.limits = news.Limits
	}
	if first || news.Reset || moreLimits {
		c.note(nil)
	} else if len(ids) > 0 {
		c.note(ids)
	}
	c.heard.Store(max(1, int64(time.Since(c.start))))
	return now
}
