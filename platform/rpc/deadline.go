package rpc

import (
	"context"
	"sync/atomic"
	"time"
)

// A server reserves a part of the caller's time for sending its answer: 1/reservedPart of it, but between shortest and longest.
const (
	reservedPart = 20
	shortest     = 5 * time.Millisecond
	longest      = 50 * time.Millisecond
)

// shortenDeadline returns ctx with a slightly earlier deadline than the caller's, so that the caller receives this server's
// timeout error, and so that calls made by the handler time out before it.
func shortenDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	reserved := min(max(time.Until(deadline)/reservedPart, shortest), longest)
	return context.WithDeadline(ctx, deadline.Add(-reserved))
}

// measure starts measuring a call with the caller's context. Call the returned function when the handler has ended. It counts the
// calls, their time, and the part of that time after the caller had stopped waiting.
func measure(ctx context.Context) func() {
	start := time.Now()
	var left atomic.Int64 // when the caller left, in nanoseconds after start
	stop := context.AfterFunc(ctx, func() { left.Store(int64(time.Since(start))) })
	return func() {
		took := int64(time.Since(start))
		stop()
		past := int64(0)
		if at := left.Load(); at > 0 {
			past = max(0, took-at) // the caller may have left after took was measured
		}
		if deadline, ok := ctx.Deadline(); ok {
			past = max(past, int64(time.Since(deadline)))
		}
		handled.Inc()
		handlerTime.Add(time.Duration(took).Seconds())
		pastDeadline.Add(time.Duration(past).Seconds())
	}
}
