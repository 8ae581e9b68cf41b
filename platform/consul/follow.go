package consul

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/hashicorp/consul/api"
)

const (
	// A blocking query comes back after this long at the latest.
	waitTime = 30 * time.Second
	// Waits between queries after an error double from the first to the second.
	retryFirst = 100 * time.Millisecond
	retryMost  = 3 * time.Second
)

// follow asks again and again for what has changed since the answer before, until ctx is done. failed is told of each
// error; the next question waits a little then.
func follow(ctx context.Context, logger *slog.Logger, query func(*api.QueryOptions) (*api.QueryMeta, error), failed func(error)) {
	var index uint64
	wait := retryFirst
	for ctx.Err() == nil {
		meta, err := query((&api.QueryOptions{WaitIndex: index, WaitTime: waitTime}).WithContext(ctx))
		if err == nil {
			index, wait = nextIndex(index, meta.LastIndex), retryFirst
			continue
		}
		if ctx.Err() != nil {
			return
		}
		logger.Warn("consul cannot be asked", "error", err)
		failed(err)
		sleep(ctx, wait/2+rand.N(wait/2))
		wait = min(wait*2, retryMost)
	}
}

// nextIndex follows https://developer.hashicorp.com/consul/api-docs/features/blocking: an index that went
// backwards starts over.
func nextIndex(last, now uint64) uint64 {
	if now < last {
		return 0
	}
	return now
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
