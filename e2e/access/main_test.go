package access_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"souk/deploy/local/stack"
	"souk/e2e/access"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
)

// The shop that the tests share, with everything in its logs that it ever logs. Each test makes its own accounts.
var (
	running   *testshop.Shop
	mongoPort int
	// authority is whom the shop's Consul issues certificates from, so that a test can be any service.
	authority *certtest.Authority
	routes    []access.Route
	rpcs      []access.RPC
)

// webhookSecret is what the card network signs with; no log may have it.
const webhookSecret = canary + "-webhook-secret"

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "the shop:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	ctx := context.Background()
	root, err := devserver.RepoRoot()
	if err != nil {
		return 1, err
	}
	if rpcs, err = access.RPCs(); err != nil {
		return 1, err
	}
	if routes, err = access.Routes(filepath.Join(root, "gateway", "openapi.yaml")); err != nil {
		return 1, err
	}
	if mongoPort, err = devserver.FreePort(); err != nil {
		return 1, err
	}
	if authority, err = certtest.New(); err != nil {
		return 1, err
	}
	settings, stopProvider, err := startProvider()
	if err != nil {
		return 1, err
	}
	defer stopProvider()
	s, stop, err := testshop.Start(ctx, stack.Config{MongoPort: mongoPort, Authority: authority, Env: []string{
		"SOUK_RATE_LIMITS=off", "SOUK_LOG_LEVEL=debug", "SOUK_SHIPPING_TRANSIT=500ms",
		"SOUK_PAYMENTS_SIMULATOR_WEBHOOK_SECRET=" + webhookSecret,
		"SOUK_OPENID_PROVIDERS=" + settings, "SOUK_OPENID_URL=" + callbackHost,
	}})
	if err != nil {
		return 1, err
	}
	running = s
	code := shop.Verdict(m.Run())
	found, err := leaks(s)
	for _, leak := range found {
		fmt.Fprintln(os.Stderr, "after all tests:", leak)
		code = 1
	}
	return code, errors.Join(err, stop())
}
