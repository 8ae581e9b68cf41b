package pgfeed_test

import (
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/pgfeed"
	"souk/testkit/scrape"
)

func TestAFeedThatWasNeverReadShowsWhenItsReaderBegan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const feed = "never read"
		last := func() time.Time {
			t.Helper()
			metrics, err := scrape.Own()
			if err != nil {
				t.Fatal(err)
			}
			return time.Unix(int64(metrics.Sum("souk_feed_last_success_timestamp_seconds", "feed", feed)), 0)
		}
		start := time.Now().Truncate(time.Second)
		for range 3 {
			pgfeed.Begin(feed)
			if got := last(); !got.Equal(start) {
				t.Errorf("last read at %v, want %v", got, start)
			}
			time.Sleep(time.Minute)
		}
		pgfeed.CountRead(feed, 0)
		if got := last(); !got.Equal(start.Add(3 * time.Minute)) {
			t.Errorf("last read at %v, want 3 minutes after %v", got, start)
		}
		pgfeed.Begin(feed)
		if got := last(); !got.Equal(start.Add(3 * time.Minute)) {
			t.Errorf("after another beginning: last read at %v", got)
		}
	})
}
