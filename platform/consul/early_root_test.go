package consul_test

import (
	"context"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/consul/proto-public/pbconnectca"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"souk/platform/consul"
	"souk/testkit/certtest"
)

// TestACertificateIsOfTheRootThatConsulTellsOf widens a moment of Consul's: it tells of a new root, and signs with the old one
// until it has put the new one to use (consul v1.22.5, agent/consul/leader_connect_ca.go, primaryUpdateRootCA).
func TestACertificateIsOfTheRootThatConsulTellsOf(t *testing.T) {
	t.Parallel()
	agent := newMortal(t)
	client := newClient(t, agent.Addr())
	early := newEarlyAuthority(t, agent.GRPCAddr())
	inventory, _ := certifyAs(t, consul.Config{Addr: agent.Addr(), GRPCAddr: early.addr, Datacenter: "dc1"}, "inventory", "")
	orders, _ := certifyAs(t, consul.Config{Addr: agent.Addr(), GRPCAddr: agent.GRPCAddr(), Datacenter: "dc1"}, "orders", "")
	ready(t, inventory)
	ready(t, orders)
	next, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	early.announce(next)
	eventually(t, 5*time.Second, "a certificate of the announced root is asked for", func() bool { return early.signedEarly() > 0 })
	replaceRootWith(t, client, next)
	eventually(t, 10*time.Second, "inventory's certificate is of the next root", func() bool {
		_, root, err := meet(t, orders, inventory, "orders")
		return err == nil && root == next.Name()
	})
}

// earlyAuthority stands before Consul's authority, and tells of a root before Consul does.
type earlyAuthority struct {
	pbconnectca.UnimplementedConnectCAServiceServer
	addr      string
	consul    pbconnectca.ConnectCAServiceClient
	announced chan *certtest.Authority

	mu     sync.Mutex
	told   bool
	signed int
}

func newEarlyAuthority(t *testing.T, addr string) *earlyAuthority {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &earlyAuthority{
		addr: listener.Addr().String(), consul: pbconnectca.NewConnectCAServiceClient(conn), announced: make(chan *certtest.Authority, 1),
	}
	server := grpc.NewServer()
	pbconnectca.RegisterConnectCAServiceServer(server, e)
	var done sync.WaitGroup
	done.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() { server.Stop(); done.Wait(); _ = conn.Close() })
	return e
}

// announce tells of a root as the active one.
func (e *earlyAuthority) announce(next *certtest.Authority) { e.announced <- next }

// signedEarly returns how many certificates Consul signed after the announcement.
func (e *earlyAuthority) signedEarly() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.signed
}

// Sign has Consul sign, with the root that it uses.
func (e *earlyAuthority) Sign(ctx context.Context, request *pbconnectca.SignRequest) (*pbconnectca.SignResponse, error) {
	answer, err := e.consul.Sign(ctx, request)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.told && err == nil {
		e.signed++
	}
	return answer, err
}

// WatchRoots passes on what Consul says first, and then the announced root.
func (e *earlyAuthority) WatchRoots(request *pbconnectca.WatchRootsRequest, stream grpc.ServerStreamingServer[pbconnectca.WatchRootsResponse]) error {
	upstream, err := e.consul.WatchRoots(stream.Context(), request)
	if err != nil {
		return err
	}
	list, err := upstream.Recv()
	if err != nil {
		return err
	}
	if err := stream.Send(list); err != nil {
		return err
	}
	var next *certtest.Authority
	select {
	case next = <-e.announced:
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
	for _, root := range list.GetRoots() {
		root.Active = false
	}
	list.Roots = append(list.Roots, &pbconnectca.CARoot{Id: "next", RootCert: string(next.RootPEM), Active: true})
	list.ActiveRootId = "next"
	e.mu.Lock()
	e.told = true
	e.mu.Unlock()
	if err := stream.Send(list); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}
