package consul

import (
	"context"
	"log/slog"
	"time"

	"github.com/hashicorp/consul/api"

	"souk/platform/outage"
)

const (
	// A blocking query comes back after this long at the latest.
	waitTime = 30 * time.Second
	// The agent adds up to a sixteenth to that (https://developer.hashicorp.com/consul/api-docs/features/blocking). One that
	// takes longer still is hung, and asked again.
	queryTimeout = waitTime + waitTime/16 + 3*time.Second
	// Waits between queries after an error double from the first to the second.
	retryFirst = 100 * time.Millisecond
	retryMost  = time.Second
)

// follow asks again and again for what has changed since the answer before, until ctx is done. failed is told of each
// error; the next question waits a little then.
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
		// An agent that lost its data counts from the start again: it would have us wait for an index that it is far from.
		index, level = 0, slog.LevelDebug
		backoff.Sleep(ctx)
	}
}

// ask makes one blocking query. An agent that is stopped keeps connections open and answers nothing, hence the time limit.
func ask(ctx context.Context, index uint64, query func(*api.QueryOptions) (*api.QueryMeta, error)) (*api.QueryMeta, error) {
	ctx, cancel := context.WithTimeout(ctx, queryTimeout)
	defer cancel()
	return query((&api.QueryOptions{WaitIndex: index, WaitTime: waitTime}).WithContext(ctx))
}

// nextIndex follows https://developer.hashicorp.com/consul/api-docs/features/blocking: an index that went
// backwards starts over.
func nextIndex(last, now uint64) uint64 {
	if now < last {
		return 0
	}
	return now
}
