package consul

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"

	"github.com/hashicorp/consul/api"
	"google.golang.org/grpc/resolver"
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
	follow(ctx, w.logger, w.query, func(err error) {
		if !w.known {
			w.cc.ReportError(fmt.Errorf("resolve %s: %w", w.name, err))
		}
	})
}

// query waits for the list to change and tells gRPC. An empty list after a full one is kept from it: Consul may have
// restarted with nothing, and connections say better which instances are gone.
func (w *watcher) query(opts *api.QueryOptions) (*api.QueryMeta, error) {
	entries, meta, err := w.client.Health().Service(w.name, "", true, opts)
	if err != nil {
		return nil, err
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
	return meta, nil
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
