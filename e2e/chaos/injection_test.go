package chaos

import (
	"context"
	"errors"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/faultproxy"
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

// injection is a fault that happens at a moment of a call.
type injection struct {
	*auditedShop
	fault   string
	service string // the callee
	moment  faultproxy.Moment
	delay   time.Duration // between a kill and the restart

	at       time.Time     // when it happened
	passed   chan struct{} // closed when the call is over
	repaired chan error    // gets one value, once everything runs again
}

// prepare has the fault happen at its moment of the next call of a method.
func (i *injection) prepare(ctx context.Context, method string) *faultproxy.Proxy {
	i.passed, i.repaired = make(chan struct{}), make(chan error, 1)
	proxy := i.proxies[i.service]
	proxy.Intercept(faultproxy.Interception{
		Method: method, Moment: i.moment,
		Do:   func() bool { i.at = time.Now(); return i.inject(ctx) },
		Then: func() { close(i.passed) },
	})
	return proxy
}

// inject makes the fault happen and reports whether the call goes on.
func (i *injection) inject(ctx context.Context) bool {
	switch i.fault {
	case killOrders:
		return i.killOrders(ctx)
	case killCallee:
		return i.killCallee(ctx)
	case pauseCallee:
		return i.pauseCallee(ctx)
	default:
		err := i.Kill(stack.Postgres)
		go i.repair(ctx, err, func() error { return i.Restart(ctx, stack.Postgres) })
		return i.moment != faultproxy.Committed
	}
}

func (i *injection) killOrders(ctx context.Context) bool {
	restart := func() error { return i.Restart(ctx, "orders") }
	if i.moment != faultproxy.Answered {
		err := i.Kill("orders")
		go i.repair(ctx, err, restart)
		return false
	}
	// It gets the answer, and is killed before it can act on it.
	err := i.Pause("orders")
	go func() {
		<-i.passed
		i.repair(ctx, errors.Join(err, i.Kill("orders")), restart)
	}()
	return true
}

// killCallee also has the connections broken that orders has to the callee's proxy.
func (i *injection) killCallee(ctx context.Context) bool {
	restart := func() error { return errors.Join(i.Restart(ctx, i.service), i.proxies[i.service].Reconnect(ctx)) }
	err := i.Kill(i.service)
	if i.moment != faultproxy.Answered {
		i.proxies[i.service].Disconnect()
		go i.repair(ctx, err, restart)
		return false
	}
	go func() {
		<-i.passed
		i.proxies[i.service].Disconnect()
		i.repair(ctx, err, restart)
	}()
	return true
}

func (i *injection) pauseCallee(ctx context.Context) bool {
	i.delay = pauseFor()
	err := i.Pause(i.service)
	resume := func() error { return i.Resume(i.service) }
	if i.moment == faultproxy.Committed {
		i.repair(ctx, err, resume) // the answer is held up meanwhile
	} else {
		go i.repair(ctx, err, resume)
	}
	return true
}

// repair starts or resumes what was hit, after the delay, and reports how that went.
func (i *injection) repair(ctx context.Context, err error, restart func() error) {
	select {
	case <-ctx.Done():
	case <-time.After(i.delay):
	}
	i.repaired <- errors.Join(err, restart())
}
