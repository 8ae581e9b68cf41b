package handler_test

import (
	"context"
	"fmt"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/balance"
)

// keys is an instance of a service that answers every call with err.
type keys struct {
	accessv1.UnimplementedKeysServiceServer
	err error
}

func (k keys) ListKeys(context.Context, *accessv1.ListKeysRequest) (*accessv1.ListKeysResponse, error) {
	return &accessv1.ListKeysResponse{}, k.err
}

// callPair calls a service with one failing instance of two, until that instance is ejected.
func callPair(t *testing.T, service string) {
	t.Helper()
	listeners := map[string]*bufconn.Listener{}
	for address, err := range map[string]error{"bad:1": status.Error(codes.Internal, "a bad release"), "good:1": nil} {
		server := grpc.NewServer()
		accessv1.RegisterKeysServiceServer(server, keys{err: err})
		listener := bufconn.Listen(1 << 16)
		listeners[address] = listener
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(server.Stop)
	}
	found := manual.NewBuilderWithScheme("pair")
	found.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: "bad:1"}, {Addr: "good:1"}}})
	conn, err := grpc.NewClient("pair:///"+service, grpc.WithResolvers(found), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(fmt.Sprintf(`{"loadBalancingConfig": [{%q: {}}]}`, balance.Name)),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return listeners[address].DialContext(ctx)
		}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	for len(balance.LeftAlone()) == 0 && t.Context().Err() == nil {
		_, _ = accessv1.NewKeysServiceClient(conn).ListKeys(t.Context(), &accessv1.ListKeysRequest{})
	}
}

// Not parallel, because other tests expect that no instance is ejected.
func TestStaffSeeWhichInstancesAreEjected(t *testing.T) {
	s := open(t)
	callPair(t, "orders")
	var list struct {
		Items []struct {
			Name      string
			LeftAlone []balance.Absence `json:"left_alone"`
		}
	}
	s.send(t, staff, "GET", "/v1/admin/dependencies", nil).into(t, &list)
	for _, d := range list.Items {
		switch {
		case d.Name != "orders" && len(d.LeftAlone) > 0:
			t.Errorf("of %s %+v are left alone", d.Name, d.LeftAlone)
		case d.Name == "orders" && (len(d.LeftAlone) != 1 || d.LeftAlone[0].Address != "bad:1" || d.LeftAlone[0].Reason != balance.Outlier):
			t.Errorf("of orders %+v are left alone", d.LeftAlone)
		}
	}
	if len(list.Items) != 2 {
		t.Errorf("%d services", len(list.Items))
	}
}
