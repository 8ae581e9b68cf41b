// Package feed is responsible for knowing whether what an owner answered is still so. The owner tells what has changed, soon after
// each change; what it has told nothing about is as it was.
package feed

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"souk/platform/outage"
)

const (
	// wait is how long the owner waits for a change before it answers that there was none.
	wait = 300 * time.Millisecond
	// alive is how long an answer of the owner is good for: then nothing is known any more until it answers again.
	alive = 800 * time.Millisecond
	// mostIDs is how many changed ids are remembered. Past it all that was answered before counts as changed.
	mostIDs = 100_000
)

// Changes knows what has changed at one owner. A nil *Changes knows nothing.
type Changes struct {
	// heard is when the owner last told what had changed, in nanoseconds since start.
	start time.Time
	heard atomic.Int64

	mu sync.RWMutex
	// Changes are numbered as they are heard of. last has the number of each id's last change, any that of the last change
	// of all, and all that of the last time when everything may have changed.
	last          map[string]uint64
	now, any, all uint64
}

// NewChanges returns Changes that know nothing until they follow their owner.
func NewChanges() *Changes {
	return &Changes{start: time.Now(), last: map[string]uint64{}}
}

// Moment is a point between two changes. The zero Moment is before all of them.
type Moment struct{ number uint64 }

// Now returns the moment that an answer is of which is asked for afterwards: it has all changes before, and perhaps later ones.
func (c *Changes) Now() Moment {
	if c == nil || !c.alive() {
		return Moment{}
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return Moment{c.now}
}

// Holds reports whether an answer of moment m about ids is still so.
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

// AllHold reports whether nothing at all has changed since moment m.
func (c *Changes) AllHold(m Moment) bool {
	if c == nil || !c.alive() {
		return false
	}
	c.mu.RLock()
	defer c.mu.RUnlock()
	return m.number != 0 && m.number >= c.any
}

// HoldsAbout reports whether an answer of moment m is still so. It is about an id, or about anything if that is empty.
func (c *Changes) HoldsAbout(m Moment, id string) bool {
	if id == "" {
		return c.AllHold(m)
	}
	return c.Holds(m, id)
}

// Note notes a change that this process has made or caused, so that whoever asked for it sees it at once. Without ids anything may
// have changed.
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

// Change is a change of what an id names. At tells changes of the same id apart.
type Change struct {
	ID string
	At uint64
}

// News is what an owner tells: the changes since a position, and the next position. Reset says that anything may have changed.
type News struct {
	Changes  []Change
	Position string
	Reset    bool
}

// Ask asks an owner what has changed since a position, and lets it wait for a change. Without a position it tells that of now.
type Ask func(ctx context.Context, position string, wait time.Duration) (News, error)

// Follow asks the owner what has changed, again and again, until ctx is done.
func (c *Changes) Follow(ctx context.Context, logger *slog.Logger, ask Ask) error {
	position, told := "", map[Change]bool{}
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
		told = c.apply(news, position == "", told)
		position = news.Position
	}
	return nil
}

// askInTime asks an owner, for little longer than it may wait: one that answers later is as good as silent.
func askInTime(ctx context.Context, position string, ask Ask) (News, error) {
	ctx, cancel := context.WithTimeout(ctx, wait+alive/2)
	defer cancel()
	return ask(ctx, position, wait)
}

// apply notes what is new among the changes, and returns what has been told by now.
func (c *Changes) apply(news News, first bool, told map[Change]bool) map[Change]bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := make(map[Change]bool, len(news.Changes))
	var ids []string
	for _, change := range news.Changes {
		now[change] = true
		if !told[change] {
			ids = append(ids, change.ID)
		}
	}
	if first || news.Reset {
		c.note(nil)
	} else if len(ids) > 0 {
		c.note(ids)
	}
	c.heard.Store(max(1, int64(time.Since(c.start))))
	return now
}
