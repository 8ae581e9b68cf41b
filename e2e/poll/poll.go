// Package poll is responsible for waiting until a condition holds.
package poll

import (
	"context"
	"fmt"
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
