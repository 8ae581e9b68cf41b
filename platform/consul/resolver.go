package consul

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc/resolver"
)

const (
	// A blocking query comes back after this long at the latest.
	waitTime = 30 * time.Second
	// Waits between queries after an error double from the first to the second.
	retryFirst = 100 * time.Millisecond
	retryMost  = 3 * time.Second
)

// Builder makes resolvers for consul:///name targets. Pass it to grpc.WithResolvers.
type Builder struct {
	client *api.Client
	logger *slog.Logger
}

// NewBuilder returns a builder whose resolvers ask client.
func NewBuilder(client *api.Client, logger *slog.Logger) *Builder {
	return &Builder{client: client, logger: logger}
}

// Scheme implements resolver.Builder.
func (b *Builder) Scheme() string { return "consul" }

// Build implements resolver.Builder.
func (b *Builder) Build(target resolver.Target, cc resolver.ClientConn, _ resolver.BuildOptions) (resolver.Resolver, error) {
	name := strings.TrimPrefix(target.URL.Path, "/")
	if name == "" {
		return nil, fmt.Errorf("target %s names no service", target.URL.String())
	}
	ctx, cancel := context.WithCancel(context.Background())
	w := &watcher{client: b.client, logger: b.logger.With("service", name), name: name, cc: cc, cancel: cancel}
	w.done.Go(func() { w.run(ctx) })
	return w, nil
}

// watcher follows the passing instances of one service.
type watcher struct {
	client *api.Client
	logger *slog.Logger
	name   string
	cc     resolver.ClientConn
	cancel context.CancelFunc
	done   sync.WaitGroup
	known  bool
}

// ResolveNow implements resolver.Resolver. The blocking query is always under way, so there is nothing to hurry.
func (w *watcher) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (w *watcher) Close() {
	w.cancel()
	w.done.Wait()
}

func (w *watcher) run(ctx context.Context) {
	var index uint64
	wait := retryFirst
	for ctx.Err() == nil {
		next, err := w.query(ctx, index)
		if err == nil {
			index, wait = next, retryFirst
			continue
		}
		if ctx.Err() != nil {
			return
		}
		w.logger.Warn("consul cannot be asked", "error", err)
		if !w.known {
			w.cc.ReportError(fmt.Errorf("resolve %s: %w", w.name, err))
		}
		sleep(ctx, wait/2+rand.N(wait/2))
		wait = min(wait*2, retryMost)
	}
}

// query waits for the list to move past index and tells gRPC. An empty list after a full one is kept from
// it: Consul may have restarted with nothing, and connections say better which instances are gone.
func (w *watcher) query(ctx context.Context, index uint64) (uint64, error) {
	opts := (&api.QueryOptions{WaitIndex: index, WaitTime: waitTime}).WithContext(ctx)
	entries, meta, err := w.client.Health().Service(w.name, "", true, opts)
	if err != nil {
		return 0, err
	}
	addresses := addressesOf(entries)
	switch {
	case len(addresses) > 0:
		w.known = true
		// A balancer that wants to be asked again is served by the next answer.
		_ = w.cc.UpdateState(resolver.State{Addresses: addresses})
	case !w.known:
		w.cc.ReportError(fmt.Errorf("no instance of %s passes its health check", w.name))
	}
	return nextIndex(index, meta.LastIndex), nil
}

// nextIndex follows https://developer.hashicorp.com/consul/api-docs/features/blocking: an index that went
// backwards starts over.
func nextIndex(last, now uint64) uint64 {
	if now < last {
		return 0
	}
	return now
}

func addressesOf(entries []*api.ServiceEntry) []resolver.Address {
	addresses := make([]resolver.Address, 0, len(entries))
	for _, entry := range entries {
		host := entry.Service.Address
		if host == "" {
			host = entry.Node.Address
		}
		addresses = append(addresses, resolver.Address{Addr: net.JoinHostPort(host, strconv.Itoa(entry.Service.Port))})
	}
	return addresses
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
