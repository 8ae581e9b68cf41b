package feed_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"souk/gateway/internal/feed"
	"souk/testkit/scrape"
)

// owner reports the changes that the test gives it.
type owner struct {
	mu   sync.Mutex
	next feed.News
	err  error
	hang bool
}

func (o *owner) tell(news feed.News, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.next, o.err = news, err
}

func (o *owner) ask(ctx context.Context, position string, wait time.Duration) (feed.News, error) {
	if position != "" {
		time.Sleep(wait)
	}
	o.mu.Lock()
	hang := o.hang
	news, err := o.next, o.err
	o.next = feed.News{Position: "1"}
	o.mu.Unlock()
	if hang {
		<-ctx.Done()
		return feed.News{}, ctx.Err()
	}
	return news, err
}

func change(ids ...string) feed.News {
	news := feed.News{Position: "1"}
	for _, id := range ids {
		news.Changes = append(news.Changes, feed.Change{ID: id, At: 7})
	}
	return news
}

// follow returns Changes that follow an owner until the test ends.
func follow(t *testing.T) (*feed.Changes, *owner) {
	t.Helper()
	c, o := feed.NewChanges(), &owner{next: feed.News{Position: "1"}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := c.Follow(ctx, "products", slog.New(slog.DiscardHandler), o.ask); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-done })
	synctest.Wait()
	return c, o
}

func TestUnchangedAnswersHold(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := follow(t)
		before := c.Now()
		if !c.Holds(before, "mug", "cup") || !c.AllHold(before) {
			t.Error("an unchanged answer does not hold")
		}
		o.tell(change("mug"), nil)
		time.Sleep(time.Second)
		if c.Holds(before, "mug") || c.Holds(before, "cup", "mug") || c.AllHold(before) || !c.Holds(before, "cup") {
			t.Error("after a change of the mug")
		}
		after := c.Now()
		if !c.Holds(after, "mug") || !c.AllHold(after) {
			t.Error("an answer from after the change does not hold")
		}
		// The owner reports the same change again, because an older transaction is still running.
		o.tell(change("mug"), nil)
		time.Sleep(350 * time.Millisecond)
		o.tell(change("mug", "cup"), nil)
		time.Sleep(350 * time.Millisecond)
		if !c.Holds(after, "jug") || c.Holds(after, "cup") {
			t.Error("after a change that was told twice")
		}
		if c.Holds(feed.Moment{}, "jug") {
			t.Error("an answer from before everything holds")
		}
	})
}

func TestNoAnswerHoldsWhileTheOwnerIsSilent(t *testing.T) {
	t.Parallel()
	for name, silence := range map[string]func(o *owner){
		"away":  func(o *owner) { o.err = errors.New("away") },
		"hangs": func(o *owner) { o.hang = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				c, o := follow(t)
				before := c.Now()
				o.mu.Lock()
				silence(o)
				o.mu.Unlock()
				time.Sleep(1200 * time.Millisecond)
				if c.Holds(before, "mug") || c.AllHold(before) || c.Now() != (feed.Moment{}) {
					t.Error("an answer holds while the owner is silent")
				}
			})
		})
	}
}

func TestAFeedThatNeverAnswersHasItsMetric(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	err := feed.NewChanges().Follow(ctx, "silent", slog.New(slog.DiscardHandler), func(context.Context, string, time.Duration) (feed.News, error) {
		cancel()
		return feed.News{}, errors.New("away")
	})
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	if metrics.Sum("souk_feed_last_success_timestamp_seconds", "feed", "silent") == 0 {
		t.Error("the metric does not say since when the feed was not read")
	}
}

func TestChangesDuringASilenceAreReportedAfterwards(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := follow(t)
		before := c.Now()
		o.tell(feed.News{}, errors.New("away"))
		time.Sleep(5 * time.Second)
		o.tell(change("mug"), nil)
		time.Sleep(3 * time.Second)
		if !c.Holds(before, "cup") || c.Holds(before, "mug") {
			t.Error("after the silence")
		}
	})
}

func TestNoEarlierAnswerHoldsAfterAReset(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := follow(t)
		before := c.Now()
		o.tell(feed.News{Position: "9", Reset: true}, nil)
		time.Sleep(time.Second)
		if c.Holds(before, "mug") || c.AllHold(before) || !c.Holds(c.Now(), "mug") {
			t.Error("after a reset")
		}
	})
}

func TestOwnChangesCountAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, _ := follow(t)
		before := c.Now()
		c.Note("mug")
		if c.Holds(before, "mug") || !c.Holds(before, "cup") || c.AllHold(before) {
			t.Error("after a change of the mug")
		}
		before = c.Now()
		c.Note()
		if c.Holds(before, "cup") {
			t.Error("after a change of anything")
		}
	})
}

func TestNoAnswerHoldsWithoutChangesToFollow(t *testing.T) {
	t.Parallel()
	var none *feed.Changes
	none.Note("mug")
	if none.Holds(none.Now()) || none.AllHold(none.Now()) {
		t.Error("it holds")
	}
	fresh := feed.NewChanges()
	if fresh.Holds(fresh.Now()) {
		t.Error("it holds before it follows")
	}
}

func TestMoreLimitsMakeAmountsMoreExact(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c, o := follow(t)
		if got := c.Floor(100); got != 0 {
			t.Errorf("without limits, the floor of 100 is %d", got)
		}
		hear := func(limits ...int64) {
			t.Helper()
			o.tell(feed.News{Position: "1", Limits: limits}, nil)
			time.Sleep(time.Second)
		}
		hear(1, 6)
		before := c.Now()
		hear(1, 6, 50)
		if c.Holds(before, "mug") {
			t.Error("an amount holds although it may have passed 50 before that was reported")
		}
		before = c.Now()
		hear(1, 6) // an older instance
		if !c.Holds(before, "mug") {
			t.Error("fewer limits count as a change")
		}
		for amount, want := range map[int64]int64{0: 0, 1: 1, 5: 1, 6: 6, 49: 6, 50: 50, 100: 50} {
			if got := c.Floor(amount); got != want {
				t.Errorf("the floor of %d is %d, want %d", amount, got, want)
			}
		}
	})
}
