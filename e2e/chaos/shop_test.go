package chaos

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/faultproxy"
	"souk/e2e/shop"
	"souk/e2e/testshop"
	"souk/testkit/certtest"
)

// full reports whether the long forms of the tests are asked for.
func full() bool { return os.Getenv("SOUK_CHAOS") == "full" }

const (
	// An answer may take this long to come while parts of the shop are away for a few seconds.
	answerWithin = 60 * time.Second
	// What the shop was told to do is done, and its books are clean, this long after the last fault.
	cleanWithin = 30 * time.Second

	password = "correct horse battery"
)

var skus = []string{"C-1", "C-2", "C-3", "C-4", "C-5", "C-6", "C-7", "C-8"}

var leeds = shop.Address{Name: "Ada Shopper", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// auditedShop is a shop whose parts are killed and paused, and whose books are audited. What ends by itself is started again.
type auditedShop struct {
	*testshop.Shop
	// What stands in front of some services, by their names.
	proxies map[string]*faultproxy.Proxy
	anyone  *shop.Client
	books   Books
}

// openShop starts a shop with proxies in front of services, and plenty of each SKU. Call what it returns to end it.
func openShop(ctx context.Context, pieces int, proxied ...string) (*auditedShop, func() error, error) {
	a := &auditedShop{proxies: map[string]*faultproxy.Proxy{}}
	authority, err := certtest.New()
	if err != nil {
		return nil, nil, err
	}
	cfg := stack.Config{Authority: authority, Env: []string{"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s"}}
	for _, name := range proxied {
		proxy, err := faultproxy.NewProxy(name, authority)
		if err != nil {
			return nil, nil, err
		}
		a.proxies[name] = proxy
		cfg.Env = append(cfg.Env, proxy.Env()...)
	}
	s, stop, err := testshop.Start(ctx, cfg)
	if err != nil {
		return nil, nil, errors.Join(err, a.closeProxies())
	}
	a.Shop, a.anyone, a.books = s, shop.New(s.URL()), Audited(s.Stack)
	a.anyone.HTTP.Timeout = 15 * time.Second
	supervised, cancel := context.WithCancel(ctx)
	var supervisor sync.WaitGroup
	supervisor.Go(func() { s.Supervise(supervised) })
	end := func() error {
		cancel()
		supervisor.Wait()
		return errors.Join(stop(), a.closeProxies())
	}
	if err := a.fill(ctx, pieces); err != nil {
		return nil, nil, errors.Join(err, end())
	}
	return a, end, nil
}

func (a *auditedShop) closeProxies() error {
	var errs []error
	for _, proxy := range a.proxies {
		errs = append(errs, proxy.Close())
	}
	return errors.Join(errs...)
}

// fill puts products on sale.
func (a *auditedShop) fill(ctx context.Context, pieces int) error {
	staff, err := a.logInStaff(ctx)
	if err != nil {
		return err
	}
	return staff.Sell(ctx, skus, pieces)
}

// logInStaff logs the first staff account in.
func (a *auditedShop) logInStaff(ctx context.Context) (*shop.Client, error) {
	session := shop.Session{}
	err := get(ctx, a.anyone, post("/v1/sessions", map[string]string{"email": a.StaffEmail(), "password": a.StaffPassword()}), &session)
	return a.anyone.As(session.AccessToken), err
}

// logsOf returns the last of what the services logged about an order.
func (a *auditedShop) logsOf(orderID string) string {
	lines := a.Logged(func(line string) bool { return orderID != "" && strings.Contains(line, orderID) })
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
