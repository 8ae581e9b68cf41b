// Package trial is responsible for what the tests of a whole shop share: waiting until something holds, and sending at a pace.
package trial

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Until tries a condition until it holds, or returns why it does not.
func Until(ctx context.Context, within time.Duration, condition func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var err error
	for {
		latest := condition(ctx)
		if latest == nil {
			return nil
		}
		if err == nil || ctx.Err() == nil { // not that there was no more time to look
			err = latest
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %w", within, err)
		case <-tick.C:
		}
	}
}

// Paced does work so often a second until ctx is done, whether or not what began before has ended, and waits for all of it.
func Paced(ctx context.Context, perSecond int, work func(i int)) {
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
