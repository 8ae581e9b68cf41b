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

// The test prolongs a moment in Consul's root rotation: Consul announces a new root, but signs with the old one until the new
// one is in use (consul v1.22.5, agent/consul/leader_connect_ca.go, primaryUpdateRootCA).
func TestACertificateFromTheOldRootIsNotUsedAfterTheNewRootIsAnnounced(t *testing.T) {
	t.Parallel()
	agent := newOwnAgent(t)
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

// earlyAuthority is a proxy in front of Consul's certificate authority. It announces a root before Consul does.
type earlyAuthority struct {
	pbconnectca.UnimplementedConnectCAServiceServer
	addr      string
	consul    pbconnectca.ConnectCAServiceClient
	announced chan *certtest.Authority

	mu           sync.Mutex
	hasAnnounced bool
	signed       int
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

// announce reports next as the active root.
func (e *earlyAuthority) announce(next *certtest.Authority) { e.announced <- next }

// signedEarly returns how many certificates Consul signed with the old root after the announcement.
func (e *earlyAuthority) signedEarly() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.signed
}

// Sign forwards the request to Consul, which signs with its current root.
func (e *earlyAuthority) Sign(ctx context.Context, request *pbconnectca.SignRequest) (*pbconnectca.SignResponse, error) {
	answer, err := e.consul.Sign(ctx, request)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hasAnnounced && err == nil {
		e.signed++
	}
	return answer, err
}

// WatchRoots forwards Consul's first answer, and then the announced root.
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
	e.hasAnnounced = true
	e.mu.Unlock()
	if err := stream.Send(list); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}
