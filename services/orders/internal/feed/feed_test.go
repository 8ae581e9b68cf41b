package feed_test

import (
	"context"
	"errors"
	"testing"

	"souk/testkit/scrape"

	"souk/services/orders/internal/feed"
)

func TestAFeedThatWasNeverReadHasItsMetric(t *testing.T) {
	t.Parallel()
	away := errors.New("away")
	f := feed.Feed[string]{Name: "silent", Position: func(context.Context) (string, error) { return "", away }}
	if err := f.Follow(t.Context()); !errors.Is(err, away) {
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
