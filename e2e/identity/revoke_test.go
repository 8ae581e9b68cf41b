package identity

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"

	"souk/deploy/local/stack"
	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/secret"
)

// TestAnOldCertificateIsRefusedByEveryService replaces the root after the gateway's certificate was stolen, while shoppers go on.
func TestAnOldCertificateIsRefusedByEveryService(t *testing.T) {
	client, err := consul.NewClient(shop.ConsulAddr(), secret.Text(shop.ConsulManagementToken()))
	if err != nil {
		t.Fatal(err)
	}
	stolen := steal(t, stack.Gateway)
	admitted := func() (by []string) {
		for service, process := range services() {
			conn, err := grpc.NewClient("passthrough:///"+addressOf(t, process), grpc.WithTransportCredentials(credentials.NewTLS(stolen.Client(process))))
			if err != nil {
				t.Fatal(err)
			}
			method := "/" + string(service.FullName()) + "/" + string(service.Methods().Get(0).Name())
			err = conn.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
			_ = conn.Close()
			if status.Code(err) != codes.Unavailable {
				by = append(by, string(service.Name()))
			}
		}
		return by
	}
	if got := len(admitted()); got != len(services()) {
		t.Fatalf("before the rotation: admitted by %d services of %d", got, len(services()))
	}
	load := newLoad(t)
	start := time.Now()
	replaceRoot(t, client)
	for by := admitted(); len(by) > 0; by = admitted() {
		if time.Since(start) > rootGrace+5*time.Second {
			t.Fatalf("%v after the root was replaced still admitted by %v", time.Since(start), by)
		}
	}
	refused := time.Since(start)
	requests, failures := load.end()
	for _, failure := range failures {
		t.Error(failure)
	}
	t.Logf("measured: refused by all %d gRPC services %.1f s after the root was replaced, with a grace of %v; meanwhile %d requests of shoppers, %d failed",
		len(services()), refused.Seconds(), rootGrace, requests, len(failures))
}

// steal returns an identity of the service, as the authority issues it now and nobody renews it.
func steal(t *testing.T, service string) *certificate.Identity {
	t.Helper()
	identity := certificate.New()
	ctx, cancel := context.WithCancel(t.Context())
	var done sync.WaitGroup
	done.Go(func() {
		if err := consul.Certify(ctx, shop.ConsulConfig(service), service, identity, "", slog.New(slog.DiscardHandler)); err != nil {
			t.Error(err)
		}
	})
	err := identity.Await(t.Context())
	cancel()
	done.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return identity
}
