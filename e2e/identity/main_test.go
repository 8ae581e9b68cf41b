// Package identity tests how the services of the shop know each other: by certificates from Consul's authority, which are
// replaced while the shop goes on.
package identity

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"

	"github.com/hashicorp/consul/api"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"souk/deploy/local/stack"
	rest "souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/platform/consul"
	"souk/platform/secret"
	"souk/platform/service"
	_ "souk/proto" // the descriptors of every contract
	"souk/testkit/certtest"
)

// A replaced root is trusted for so long here: the least that a process takes.
const rootGrace = service.LeastRootGrace

var (
	shop      *testshop.Shop
	authority *certtest.Authority
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "identity tests:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	if authority, err = certtest.New(); err != nil {
		return 1, err
	}
	// Connections are made anew all the time, so that what certificates say counts at once.
	env := []string{"SOUK_RATE_LIMITS=off", "SOUK_CONNECTION_AGE=500ms", "SOUK_CONSUL_ROOT_GRACE=" + rootGrace.String()}
	var stop func() error
	if shop, stop, err = testshop.Start(ctx, stack.Config{Authority: authority, Env: env}); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	return rest.Verdict(m.Run()), nil
}

// asked is the client that addressOf asks. There is one, because each keeps its connections open, and Consul takes 200 of an
// address (limits.http_max_conns_per_client).
var asked = sync.OnceValues(func() (*api.Client, error) { return consul.NewClient(shop.ConsulAddr(), secret.Text("")) })

// addressOf returns where a service is.
func addressOf(t *testing.T, name string) string {
	t.Helper()
	client, err := asked()
	if err != nil {
		t.Fatal(err)
	}
	entries, _, err := client.Health().Service(name, "", true, nil)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%s: %d instances pass: %v", name, len(entries), err)
	}
	return fmt.Sprintf("%s:%d", entries[0].Service.Address, entries[0].Service.Port)
}

// services returns the gRPC services of the shop, with the process that serves each.
func services() map[protoreflect.ServiceDescriptor]string {
	all := map[protoreflect.ServiceDescriptor]string{}
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			if file.Package().Parent() == "souk" || file.Package().Parent().Parent() == "souk" {
				all[file.Services().Get(i)] = processOf(file.Package())
			}
		}
		return true
	})
	return all
}

// processOf returns the process that serves a package, souk.orders.v1: orders. The keys are customers'.
func processOf(pkg protoreflect.FullName) string {
	switch name := string(pkg.Parent().Name()); name {
	case "access":
		return "customers"
	case "audit": // many services have it
		return "inventory"
	default:
		return name
	}
}
