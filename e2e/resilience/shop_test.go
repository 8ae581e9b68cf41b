package resilience

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/chaos"
	"souk/e2e/faultproxy"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/testkit/certtest"
	"souk/testkit/devserver"
)

// proxiedShop is a shop with a proxy in front of everything that it depends on.
type proxiedShop struct {
	*testshop.Shop
	dependencies map[string]dependency
	anyone       *shop.Client
	books        chaos.Books
}

// proxyTo picks a port for a server and returns a proxy of it.
func proxyTo(port *int) (*faultproxy.TCP, error) {
	var err error
	if *port, err = devserver.FreePort(); err != nil {
		return nil, err
	}
	return faultproxy.NewTCP(fmt.Sprintf("127.0.0.1:%d", *port))
}

// openShop starts a shop with proxies in front of everything, and some products.
func openShop(t *testing.T) *proxiedShop {
	t.Helper()
	p := &proxiedShop{dependencies: map[string]dependency{}}
	authority, err := certtest.New()
	if err != nil {
		t.Fatal(err)
	}
	cfg := stack.Config{Authority: authority, Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"}}
	for _, name := range stack.Services {
		proxy, err := faultproxy.NewProxy(name, authority)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = proxy.Close() })
		p.dependencies[name] = &service{Proxy: proxy, name: name}
		cfg.Env = append(cfg.Env, proxy.Env()...)
	}
	servers, err := proxyServers(&cfg)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range servers {
		p.dependencies[name] = s
		t.Cleanup(func() { _ = s.inject(down, 0) })
	}
	p.start(t, cfg)
	return p
}

// start starts the shop and puts products on sale.
func (p *proxiedShop) start(t *testing.T, cfg stack.Config) {
	t.Helper()
	var err error
	var stop func() error
	if p.Shop, stop, err = testshop.Start(t.Context(), cfg); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(p.repairAll(context.Background()), stop()); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	p.anyone, p.books = shop.New(p.URL()), chaos.Audited(p.Stack)
	p.anyone.HTTP.Timeout = 30 * time.Second
	if err := p.fill(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func (p *proxiedShop) repairAll(ctx context.Context) error {
	var errs []error
	for _, d := range p.dependencies {
		errs = append(errs, d.repair(ctx))
	}
	return errors.Join(errs...)
}

// proxy is what stands in front of a service.
func (p *proxiedShop) proxy(name string) *faultproxy.Proxy {
	return p.dependencies[name].(*service).Proxy
}

const sku = "R-1"

// fill puts products on sale, plenty of each.
func (p *proxiedShop) fill(ctx context.Context) error {
	var csv strings.Builder
	csv.WriteString("Handle,Title,Type,Variant SKU,Variant Price,Variant Grams,Variant Inventory Qty\n")
	for i := range 8 {
		fmt.Fprintf(&csv, "kettle-%d,Kettle %d,Kettles,R-%d,%d.50,100,100000\n", i, i, i, i+1)
	}
	staff, _, err := p.anyone.Login(ctx, p.StaffEmail(), p.StaffPassword())
	if err != nil {
		return err
	}
	return staff.ImportAll(ctx, []byte(csv.String()))
}

// noticed reports which of the services Consul still takes for well.
func (p *proxiedShop) noticed(ctx context.Context, unhealthy []string) error {
	var passing []struct{ ServiceName string }
	if err := fetch(ctx, "http://"+p.ConsulAddr()+"/v1/health/state/passing", &passing); err != nil {
		return err
	}
	for _, check := range passing {
		if slices.Contains(unhealthy, check.ServiceName) {
			return fmt.Errorf("%s passes its health check", check.ServiceName)
		}
	}
	return nil
}
