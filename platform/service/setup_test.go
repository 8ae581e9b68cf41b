package service_test

import (
	"context"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/rpc"
	"souk/platform/service"
)

// running is a service whose end a test examines.
type running struct {
	stop context.CancelFunc
	end  chan error
}

func launch(t *testing.T, s *service.Service) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r := &running{stop: cancel, end: make(chan error, 1)}
	go func() { r.end <- s.Run(ctx) }()
	t.Cleanup(cancel)
	return r
}

// wait returns the error of Run.
func (r *running) wait(t *testing.T) error {
	t.Helper()
	select {
	case err := <-r.end:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("it does not end")
		return nil
	}
}

// address returns the address of a service according to Consul.
func address(t *testing.T, name string) string {
	t.Helper()
	eventually(t, 15*time.Second, name+" passes", func() bool { passing, _ := instances(t, name); return passing == 1 })
	entries, _, err := consulClient().Health().Service(name, "", true, nil)
	if err != nil {
		t.Fatal(err)
	}
	return net.JoinHostPort(entries[0].Service.Address, strconv.Itoa(entries[0].Service.Port))
}

// asGateway returns the gateway's identity.
func asGateway(t *testing.T) *certificate.Identity {
	t.Helper()
	identity := certificate.New()
	var done sync.WaitGroup
	done.Go(func() {
		_ = consul.Certify(t.Context(), agentConfig(), "gateway", identity, "", slog.New(slog.DiscardHandler))
	})
	t.Cleanup(done.Wait)
	if err := identity.Await(t.Context()); err != nil {
		t.Fatal(err)
	}
	return identity
}

// dial connects to a service by its name as the gateway, once the service is registered.
func dial(t *testing.T, name string, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	addr := address(t, name)
	discard := slog.New(slog.DiscardHandler)
	conn, err := rpc.Dial("passthrough:///"+addr, name, asGateway(t), breaker.NewSet(discard), discard, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
