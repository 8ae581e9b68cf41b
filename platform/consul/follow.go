package consul

import (
	"context"
	"log/slog"
	"time"

	"github.com/hashicorp/consul/api"

	"souk/platform/outage"
)

const (
	// The agent answers a blocking query after this long even if nothing has changed.
	waitTime = 30 * time.Second
	// The agent adds up to a sixteenth to that (https://developer.hashicorp.com/consul/api-docs/features/blocking). If it takes
	// longer, it hangs, and is asked again.
	queryTimeout = waitTime + waitTime/16 + 3*time.Second
	// After errors in a row, the waits between queries double from retryFirst to retryMost.
	retryFirst = 100 * time.Millisecond
	retryMost  = time.Second
)

// follow runs blocking queries, each of which returns as soon as something has changed, until ctx is done. It passes each error
// to failed and waits a little before the next query.
func follow(ctx context.Context, logger *slog.Logger, query func(*api.QueryOptions) (*api.QueryMeta, error), failed func(error)) {
	var index uint64
	backoff := outage.Backoff{First: retryFirst, Most: retryMost}
	level := slog.LevelWarn
	for ctx.Err() == nil {
		meta, err := ask(ctx, index, query)
		if err == nil {
			index, level = nextIndex(index, meta.LastIndex), slog.LevelWarn
			backoff.Reset()
			continue
		}
		if ctx.Err() != nil {
			return
		}
		logger.Log(ctx, level, "consul cannot be asked", "error", err)
		failed(err)
		// Start from index 0 again. An agent that lost its data counts from the start, so it would not reach the old index for
		// long.
		index, level = 0, slog.LevelDebug
		backoff.Sleep(ctx)
	}
}

// ask runs one blocking query. It has a time limit, because a paused agent keeps its connections open and never answers.
func ask(ctx context.Context, index uint64, query func(*api.QueryOptions) (*api.QueryMeta, error)) (*api.QueryMeta, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return query((&api.QueryOptions{WaitIndex: index, WaitTime: waitTime}).WithContext(ctx))
}

// nextIndex resets an index that has gone backwards, as required by
// https://developer.hashicorp.com/consul/api-docs/features/blocking.
func nextIndex(last, now uint64) uint64 {
	if now < last {
		return 0
	}
	return now
}
