package fleet

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"souk/deploy/local/stack"
	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/rpc"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

// How long a caller waits for an answer.
const callTimeout = time.Second

// callers call catalog as the gateway does, in the gateway's name, each one call after the other, and see which instance
// each attempt goes to.
type callers struct {
	client catalogv1.CatalogServiceClient
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu       sync.Mutex
	attempts []attempt
	calls    []call
}

// attempt is a request that was sent to an instance.
type attempt struct {
	to string
	at time.Time
}

// call is what came of it for a caller.
type call struct {
	caller int
	began  time.Time
	took   time.Duration
	err    error
}

// newCallers lets so many callers begin.
func newCallers(t *testing.T, n int) *callers {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	c := &callers{stop: cancel}
	t.Cleanup(func() { c.end() })
	c.client = catalogv1.NewCatalogServiceClient(c.dial(ctx, t))
	for i := range n {
		c.done.Go(func() {
			tick := time.NewTicker(think)
			defer tick.Stop()
			for ctx.Err() == nil {
				<-tick.C
				c.call(ctx, i)
			}
		})
	}
	return c
}

// dial connects as the gateway's process does.
func (c *callers) dial(ctx context.Context, t *testing.T) *grpc.ClientConn {
	t.Helper()
	logger := slog.New(slog.DiscardHandler)
	config, identity := live.ConsulConfig(stack.Gateway), certificate.New()
	c.done.Go(func() {
		if err := consul.Certify(ctx, config, stack.Gateway, identity, "", logger); err != nil {
			t.Error(err)
		}
	})
	client, err := consul.NewClient(config.Addr, config.Token)
	if err == nil {
		err = identity.Await(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	conn, err := rpc.Dial("consul:///catalog", "catalog", identity, breaker.NewSet(logger), logger,
		grpc.WithResolvers(consul.NewBuilder(client, "", logger)), grpc.WithStatsHandler(c))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (c *callers) call(ctx context.Context, caller int) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTimeout)
	defer cancel()
	start := time.Now()
	_, err := c.client.ListCategories(ctx, &catalogv1.ListCategoriesRequest{})
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls = append(c.calls, call{caller: caller, began: start, took: time.Since(start), err: err})
}

// failed returns the calls that failed. For after the end.
func (c *callers) failed() []call {
	var failed []call
	for _, call := range c.calls {
		if call.err != nil {
			failed = append(failed, call)
		}
	}
	return failed
}

// end waits for the calls under way. What was seen may be read then.
func (c *callers) end() {
	c.stop()
	c.done.Wait()
}

// sent returns when an instance was sent calls after a moment.
func (c *callers) sent(to string, after time.Time) []time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	var times []time.Time
	for _, a := range c.attempts {
		if a.to == to && a.at.After(after) {
			times = append(times, a.at)
		}
	}
	return times
}

// awaitCalled waits until an instance is sent a call after a moment, and returns how long after that it was.
func (c *callers) awaitCalled(t *testing.T, part string, after time.Time) time.Duration {
	t.Helper()
	var first time.Time
	until(t, max(0, time.Until(after))+settleWithin, func() error {
		times := c.sent(addressOf(t, part), after)
		if len(times) == 0 {
			return fmt.Errorf("%s is not called", part)
		}
		first = times[0]
		return nil
	})
	return first.Sub(after)
}

// TagRPC implements stats.Handler.
func (c *callers) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context { return ctx }

// HandleRPC implements stats.Handler.
func (c *callers) HandleRPC(_ context.Context, event stats.RPCStats) {
	header, ok := event.(*stats.OutHeader)
	if !ok {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.attempts = append(c.attempts, attempt{to: header.RemoteAddr.String(), at: time.Now()})
}

// TagConn implements stats.Handler.
func (c *callers) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn implements stats.Handler.
func (c *callers) HandleConn(context.Context, stats.ConnStats) {}
