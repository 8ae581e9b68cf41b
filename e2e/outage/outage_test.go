// Package outage tests what is left of the shop when parts of it are gone, each test on a shop of its own.
package outage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

var binDir string

func TestMain(m *testing.M) {
	var err error
	if binDir, err = testshop.Build(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "build the shop:", err)
		os.Exit(1)
	}
	os.Exit(shop.Verdict(m.Run()))
}

func start(t *testing.T) *testshop.Shop {
	t.Helper()
	s, stop, err := testshop.Start(t.Context(), stack.Config{Env: []string{"SOUK_RATE_LIMITS=off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	return s
}

// passing returns how many instances of each service pass their health check in Consul.
func passing(t *testing.T, s *testshop.Shop) map[string]int {
	t.Helper()
	resp, err := http.Get("http://" + s.ConsulAddr() + "/v1/health/state/passing")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var checks []struct{ ServiceName string }
	if err := json.NewDecoder(resp.Body).Decode(&checks); err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, c := range checks {
		count[c.ServiceName]++
	}
	return count
}

func eventually(t *testing.T, within time.Duration, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(within)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("not within %v: %s", within, what)
		case <-tick.C:
		}
	}
}

// status asks once, without waiting a 503 out.
func status(t *testing.T, c *shop.Client, path string) (int, string) {
	t.Helper()
	resp, err := c.Send(t.Context(), http.MethodGet, path, nil)
	if err != nil {
		t.Fatal(err)
	}
	var problem shop.Problem
	_ = json.Unmarshal(resp.Body, &problem)
	return resp.Status, problem.Code
}

func TestConsulShowsEveryServicePassing(t *testing.T) {
	s := start(t)
	eventually(t, 15*time.Second, "all services and the gateway pass", func() bool {
		count := passing(t, s)
		for _, name := range append([]string{stack.Gateway}, stack.Services...) {
			if count[name] != 1 {
				return false
			}
		}
		return true
	})
}

func TestAKilledServiceTakesOnlyItsRoutesAlong(t *testing.T) {
	s := start(t)
	c := shop.New(s.URL())
	staff, _, err := c.Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	// What each service alone answers, and the gateway has not kept.
	routes := map[string]string{"catalog": "/v1/products/" + uuid.NewString(), "customers": "/v1/me/addresses", "orders": "/v1/orders", "carts": "/v1/carts/" + uuid.NewString()}
	for name, route := range routes { // after which each service has the keys of tokens
		if code, _ := status(t, staff, route); code >= 500 {
			t.Errorf("%s answers %d at first", name, code)
		}
	}
	for killed, route := range routes {
		if err := s.Process(killed).Signal(syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		<-s.Process(killed).Done()
		eventually(t, 10*time.Second, killed+" is unavailable", func() bool {
			code, reason := status(t, staff, route)
			return code == http.StatusServiceUnavailable && reason == "unavailable"
		})
		for other, theirs := range routes {
			if code, _ := status(t, staff, theirs); other != killed && code >= 500 {
				t.Errorf("without %s, %s answers %d", killed, theirs, code)
			}
		}
		if err := s.Restart(t.Context(), killed); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, killed+" is back", func() bool {
			code, _ := status(t, staff, route)
			return code < 500
		})
	}
}

func TestProductsShowUnknownAvailabilityWithoutInventory(t *testing.T) {
	s := start(t)
	c := shop.New(s.URL())
	staff, _, err := c.Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Import(t.Context(), []byte("Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\ncup,Cup,CUP,5,9\n")); err != nil {
		t.Fatal(err)
	}
	if err := s.Process("inventory").Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Process("inventory").Done()
	var product shop.Product
	if err := c.Do(t.Context(), http.MethodGet, "/v1/products/cup", nil, &product); err != nil || product.Variants[0].Availability != "unknown" {
		t.Errorf("%+v, %v; want availability unknown", product, err)
	}
}

func TestTheCatalogIsShownAsItWasWhileItIsAway(t *testing.T) {
	s := start(t)
	c := shop.New(s.URL())
	staff, _, err := c.Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := staff.Import(t.Context(), []byte("Handle,Title,Variant SKU,Variant Price,Variant Inventory Qty\ncup,Cup,CUP,5,9\n")); err != nil {
		t.Fatal(err)
	}
	pages := []string{"/v1/products/cup", "/v1/products?q=cup&facets=true", "/v1/categories"}
	good := map[string]string{}
	for _, page := range pages {
		resp, err := c.Send(t.Context(), http.MethodGet, page, nil)
		if err != nil || resp.Status != http.StatusOK || resp.Header.Get("Warning") != "" {
			t.Fatalf("%s: %+v, %v", page, resp, err)
		}
		good[page] = string(resp.Body)
	}
	if err := s.Process("catalog").Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-s.Process("catalog").Done()
	for _, page := range pages {
		// For a moment the gateway still takes its copy for new.
		eventually(t, 2*time.Second, page+" is marked as old", func() bool {
			start := time.Now()
			resp, err := c.Send(t.Context(), http.MethodGet, page, nil)
			if err != nil || resp.Status != http.StatusOK || string(resp.Body) != good[page] {
				t.Fatalf("%s: %+v, %v; want %s", page, resp, err, good[page])
			}
			if resp.Header.Get("Warning") != `110 - "Response is Stale"` || resp.Header.Get("Age") == "" {
				return false
			}
			t.Logf("measured: %s as it was after %v", page, time.Since(start).Round(time.Millisecond))
			return true
		})
	}
	if err := s.Restart(t.Context(), "catalog"); err != nil {
		t.Fatal(err)
	}
	eventually(t, 20*time.Second, "the catalog is new again", func() bool {
		resp, err := c.Send(t.Context(), http.MethodGet, pages[0], nil)
		return err == nil && resp.Status == http.StatusOK && resp.Header.Get("Warning") == ""
	})
}

// openDir returns a folder that PostgreSQL's own user can reach, unlike t.TempDir's.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "souk-outage-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestAShopComesBackWithItsData(t *testing.T) {
	dir := openDir(t)
	cfg := stack.Config{Dir: dir, BinDir: binDir, GatewayAddr: "127.0.0.1:0", StaffEmail: "staff@souk.example", Fast: true, Env: []string{"SOUK_RATE_LIMITS=off"}}
	address := shop.Address{Name: "Ada", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	for round := range 2 {
		s, err := stack.Start(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		c := shop.New(s.URL())
		if round == 0 {
			ada, _, err := c.Register(t.Context(), "ada@example.com", "correct horse", "Ada")
			if err == nil {
				err = ada.Do(t.Context(), http.MethodPost, "/v1/me/addresses", address, nil)
			}
			if err != nil {
				t.Error(err)
			}
		} else if ada, _, err := c.Login(t.Context(), "ada@example.com", "correct horse"); err != nil {
			t.Errorf("after a restart: %v", err)
		} else {
			resp, err := ada.Send(t.Context(), http.MethodGet, "/v1/me/addresses", nil)
			if err != nil || !strings.Contains(string(resp.Body), "Market Street") {
				t.Errorf("after a restart: %s, %v", resp.Body, err)
			}
		}
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
	if err := stack.Reset(cfg); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reset left %s: %v", dir, err)
	}
}

func TestAStartThatCannotBeSaysWhyAndLeavesNothing(t *testing.T) {
	s := start(t)
	taken := strings.TrimPrefix(s.URL(), "http://")
	dir := t.TempDir()
	_, err := stack.Start(t.Context(), stack.Config{Dir: dir, BinDir: binDir, GatewayAddr: taken, StaffEmail: "staff@souk.example"})
	if err == nil || !strings.Contains(err.Error(), "SOUK_GATEWAY_ADDR") || strings.Contains(err.Error(), "\n") {
		t.Errorf("a port in use: %v, want one line that names SOUK_GATEWAY_ADDR", err)
	}
	_, err = stack.Start(t.Context(), stack.Config{Dir: openDir(t), BinDir: t.TempDir(), GatewayAddr: "127.0.0.1:0", StaffEmail: "staff@souk.example", Fast: true})
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Errorf("missing binaries: %v, want one line", err)
	}
}
