// Package client tests that a client which is generated from openapi.yaml, and knows the shop from there alone, can shop.
package client

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/testkit/devserver"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// What scripts/openapi exits with where there is no Node to run it with.
const noNode = 3

// TestATypeScriptClientShops compiles the client that openapi-typescript makes of openapi.yaml, with tsc --strict, and has it go all
// the way from signing up to a refund: tools/openapi/client/journey.ts.
func TestATypeScriptClientShops(t *testing.T) {
	root, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	s, stop, err := testshop.Start(t.Context(), stack.Config{Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	journey := exec.CommandContext(t.Context(), filepath.Join(root, "scripts", "openapi"), "client")
	journey.Env = append(os.Environ(), "SOUK_URL="+held(t, s.URL()), "SOUK_STAFF_EMAIL="+s.StaffEmail(), "SOUK_STAFF_PASSWORD="+s.StaffPassword())
	output, err := journey.CombinedOutput()
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == noNode {
		t.Skipf("NOT TESTED: %s", output)
	}
	if err != nil {
		t.Fatalf("%v:\n%s", err, output)
	}
	t.Logf("%s", output)
}

// held returns the address of a proxy that holds every answer of the shop against the contract.
func held(t *testing.T, shopURL string) string {
	t.Helper()
	target, err := url.Parse(shopURL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: shop.Held(http.DefaultTransport.(*http.Transport).Clone()),
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			http.Error(w, err.Error(), http.StatusBadGateway)
		},
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}
