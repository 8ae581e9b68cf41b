// Package gadgets tests the service gadgets in a running shop.
package gadgets

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	gadgetsv1 "souk/proto/gen/souk/gadgets/v1"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/platform/consul"
	"souk/testkit/certtest"
)

var (
	running *testshop.Shop
	// authority is whom the shop's Consul issues certificates from, so that a test can be any service.
	authority *certtest.Authority
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the shop:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	if authority, err = certtest.New(); err != nil {
		return 1, err
	}
	var stop func() error
	running, stop, err = testshop.Start(context.Background(), stack.Config{Authority: authority})
	if err != nil {
		return 1, err
	}
	code = shop.Verdict(m.Run())
	return code, stop()
}

// address returns where the service is, host:port, as Consul tells anyone.
func address(t *testing.T) string {
	t.Helper()
	client, err := consul.NewClient(running.ConsulAddr(), "")
	if err != nil {
		t.Fatal(err)
	}
	healthy, _, err := client.Health().Service("gadgets", "", true, nil)
	if err != nil || len(healthy) != 1 {
		t.Fatalf("%d healthy instances, %v", len(healthy), err)
	}
	return fmt.Sprintf("%s:%d", healthy[0].Service.Address, healthy[0].Service.Port)
}

func TestOnlyItsCallersReachTheService(t *testing.T) {
	t.Parallel()
	at := address(t)
	for caller, want := range map[string]codes.Code{
		"gateway":  codes.Unauthenticated, // let through to the rule of the RPC, which wants a customer
		"shipping": codes.PermissionDenied,
		"stranger": codes.PermissionDenied,
	} {
		identity, err := authority.Identity(caller)
		if err != nil {
			t.Fatal(err)
		}
		conn, err := grpc.NewClient(at, grpc.WithTransportCredentials(credentials.NewTLS(identity.Client("gadgets"))))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_, err = gadgetsv1.NewGadgetsServiceClient(conn).GetGadget(t.Context(), &gadgetsv1.GetGadgetRequest{Id: uuid.NewString()})
		if status.Code(err) != want {
			t.Errorf("%s: %v, want %v", caller, err, want)
		}
	}
}

func TestACustomerMakesAGadgetThroughTheGateway(t *testing.T) {
	t.Parallel()
	ada, bob := customer(t), customer(t)
	body, key := map[string]string{"title": "Kitchen"}, shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	type gadget struct{ ID, Title string }
	var made, again, found gadget
	for _, answer := range []*gadget{&made, &again} {
		if err := ada.Do(t.Context(), http.MethodPost, "/v1/gadgets", body, answer, key); err != nil {
			t.Fatal(err)
		}
	}
	if made.ID == "" || again != made {
		t.Errorf("the same key made %+v and %+v", made, again)
	}
	if err := ada.Do(t.Context(), http.MethodGet, "/v1/gadgets/"+made.ID, nil, &found); err != nil || found != made {
		t.Errorf("found %+v, %v; want %+v", found, err, made)
	}
	if resp, err := bob.Send(t.Context(), http.MethodGet, "/v1/gadgets/"+made.ID, nil); err != nil || resp.Status != http.StatusNotFound {
		t.Errorf("another customer gets %+v, %v", resp, err)
	}
}

// customer returns a new customer, signed in.
func customer(t *testing.T) *shop.Client {
	t.Helper()
	client, _, err := shop.New(running.URL()).Register(t.Context(), uuid.NewString()+"@example.com", "correct horse battery", "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	return client
}
