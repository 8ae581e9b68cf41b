// Package openloop is responsible for doing work at a constant rate, whether or not earlier work has ended.
package openloop

import (
	"context"
	"sync"
	"time"
)

// Run does work so often a second until ctx is done, and waits for all of it.
func Run(ctx context.Context, perSecond int, work func(i int)) {
	var all sync.WaitGroup
	defer all.Wait()
	tick := time.NewTicker(time.Second / time.Duration(perSecond))
	defer tick.Stop()
	for i := 0; ; i++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			all.Go(func() { work(i) })
		}
	}
}
