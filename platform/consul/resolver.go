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
	kept   KeepDir
	logger *slog.Logger
}

// NewBuilder returns a builder whose resolvers ask client. Resolvers store the addresses in kept, and use the stored ones until
// client answers.
func NewBuilder(client *api.Client, kept KeepDir, logger *slog.Logger) *Builder {
	return &Builder{client: client, kept: kept, logger: logger}
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
	logger := b.logger.With("peer", name)
	w := &watcher{
		client: b.client, logger: logger, name: name, cc: cc, cancel: cancel, kept: addressBook{dir: b.kept, service: name, logger: logger},
	}
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
	kept   addressBook
	known  bool
}

// ResolveNow implements resolver.Resolver. It does nothing, because a blocking query is always under way.
func (w *watcher) ResolveNow(resolver.ResolveNowOptions) {}

// Close implements resolver.Resolver.
func (w *watcher) Close() {
	w.cancel()
	w.done.Wait()
}

func (w *watcher) run(ctx context.Context) {
	if addresses := w.kept.load(); len(addresses) > 0 {
		w.logger.Info("the last known addresses are used until consul answers", "addresses", addresses)
		w.use(addresses)
	}
	follow(ctx, w.logger, w.query, func(err error) {
		if !w.known {
			w.cc.ReportError(fmt.Errorf("resolve %s: %w", w.name, err))
		}
	})
}

// query waits for the list of instances to change and passes it to gRPC. It ignores an empty list after a non-empty one: Consul
// may have restarted without its data, and broken connections show which instances are gone.
func (w *watcher) query(opts *api.QueryOptions) (*api.QueryMeta, error) {
	entries, meta, err := w.client.Health().Service(w.name, "", true, opts)
	if err != nil {
		return nil, err
	}
	switch addresses := addressesOf(entries); {
	case len(addresses) > 0:
		w.use(addresses)
		w.kept.save(addresses)
	case !w.known:
		w.cc.ReportError(fmt.Errorf("no instance of %s passes its health check", w.name))
	}
	return meta, nil
}

// use passes the addresses to gRPC.
func (w *watcher) use(addresses []string) {
	w.known = true
	state := resolver.State{}
	for _, address := range addresses {
		state.Addresses = append(state.Addresses, resolver.Address{Addr: address})
	}
	// The error asks for another resolution. The next answer of Consul is that.
	_ = w.cc.UpdateState(state)
}

func addressesOf(entries []*api.ServiceEntry) []string {
	addresses := make([]string, 0, len(entries))
	for _, entry := range entries {
		host := entry.Service.Address
		if host == "" {
			host = entry.Node.Address
		}
		addresses = append(addresses, net.JoinHostPort(host, strconv.Itoa(entry.Service.Port)))
	}
	return addresses
}
