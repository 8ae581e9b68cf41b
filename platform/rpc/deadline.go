package rpc

import (
	"context"
	"expvar"
	"sync/atomic"
	"time"
)

// Of this process's server: calls, handler_ns, past_deadline_ns (the part of handler_ns in which nobody waited for the answer
// any more) and refused, which is not among calls.
var served = expvar.NewMap("rpc_server")

// A server keeps back a part of the caller's time for the answer's way: one in shavedPart, but no less than shortest and no
// more than longest.
const (
	shavedPart = 20
	shortest   = 5 * time.Millisecond
	longest    = 50 * time.Millisecond
)

// shave returns ctx with a little less time than the caller has, so that it hears from us that its time was over, and our own
// calls end before it.
func shave(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	kept := min(max(time.Until(deadline)/shavedPart, shortest), longest)
	return context.WithDeadline(ctx, deadline.Add(-kept))
}

// measure counts a call whose caller's time is that of ctx. The function it returns is to be called when it has been served.
func measure(ctx context.Context) func() {
	start := time.Now()
	var left atomic.Int64 // how long after start the caller left, in nanoseconds
	stop := context.AfterFunc(ctx, func() { left.Store(int64(time.Since(start))) })
	return func() {
		took := int64(time.Since(start))
		stop()
		past := int64(0)
		if at := left.Load(); at > 0 {
			past = took - at
		}
		if deadline, ok := ctx.Deadline(); ok {
			past = max(past, int64(time.Since(deadline)))
		}
		served.Add("calls", 1)
		served.Add("handler_ns", took)
		served.Add("past_deadline_ns", past)
	}
}
