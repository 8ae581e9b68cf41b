package chaos

import (
	"context"
	"errors"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/fault"
)

// The faults. What is killed is started again.
const (
	killOrders   = "kill-orders"
	killCallee   = "kill-callee"
	pauseCallee  = "pause-callee"
	killDatabase = "kill-postgres"
)

var faults = []string{killOrders, killCallee, pauseCallee, killDatabase}

// pauseFor is how long a callee stands still: in the long form for longer than any call waits.
func pauseFor() time.Duration {
	if full() {
		return 10 * time.Second
	}
	return 5 * time.Second
}

// harm is what is done to a shop at a moment of a call.
type harm struct {
	*arena
	fault   string
	service string // the callee
	moment  fault.Moment
	delay   time.Duration // between a kill and the restart

	at     time.Time     // when it was done
	passed chan struct{} // closed when the call is over
	mended chan error    // gets one value, once everything runs again
}

// lay has the harm done at its moment of the next call of a method.
func (h *harm) lay(ctx context.Context, method string) *fault.Proxy {
	h.passed, h.mended = make(chan struct{}), make(chan error, 1)
	proxy := h.proxies[h.service]
	proxy.Lay(fault.Ambush{
		Method: method, Moment: h.moment,
		Strike: func() bool { h.at = time.Now(); return h.strike(ctx) },
		Then:   func() { close(h.passed) },
	})
	return proxy
}

// strike does the harm and reports whether the call goes on.
func (h *harm) strike(ctx context.Context) bool {
	switch h.fault {
	case killOrders:
		return h.killOrders(ctx)
	case killCallee:
		return h.killCallee(ctx)
	case pauseCallee:
		return h.pauseCallee(ctx)
	default:
		err := h.Kill(stack.Postgres)
		go h.mend(ctx, err, func() error { return h.Restart(ctx, stack.Postgres) })
		return h.moment != fault.Committed
	}
}

func (h *harm) killOrders(ctx context.Context) bool {
	restart := func() error { return h.Restart(ctx, "orders") }
	if h.moment != fault.Answered {
		err := h.Kill("orders")
		go h.mend(ctx, err, restart)
		return false
	}
	// It gets the answer, and does not live to act on it.
	err := h.Pause("orders")
	go func() {
		<-h.passed
		h.mend(ctx, errors.Join(err, h.Kill("orders")), restart)
	}()
	return true
}

// killCallee also has the connections broken that orders has to the callee's proxy.
func (h *harm) killCallee(ctx context.Context) bool {
	restart := func() error { return errors.Join(h.Restart(ctx, h.service), h.proxies[h.service].Mend(ctx)) }
	err := h.Kill(h.service)
	if h.moment != fault.Answered {
		h.proxies[h.service].Sever()
		go h.mend(ctx, err, restart)
		return false
	}
	go func() {
		<-h.passed
		h.proxies[h.service].Sever()
		h.mend(ctx, err, restart)
	}()
	return true
}

func (h *harm) pauseCallee(ctx context.Context) bool {
	h.delay = pauseFor()
	err := h.Pause(h.service)
	resume := func() error { return h.Resume(h.service) }
	if h.moment == fault.Committed {
		h.mend(ctx, err, resume) // the answer is held up meanwhile
	} else {
		go h.mend(ctx, err, resume)
	}
	return true
}

// mend repairs the harm after its delay and reports how that went.
func (h *harm) mend(ctx context.Context, err error, repair func() error) {
	select {
	case <-ctx.Done():
	case <-time.After(h.delay):
	}
	h.mended <- errors.Join(err, repair())
}
