// Package fleet tests a shop with several instances of each service, while these, Consul and the databases come and go
// under load: no shopper is to notice.
package fleet

import (
	"context"
	"errors"
	"fmt"
	"os"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

var (
	// live is the shop that all tests share. None of its processes is started again by itself.
	live   *testshop.Shop
	anyone *shop.Client
)

func TestMain(m *testing.M) {
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fleet tests:", err)
		code = 1
	}
	os.Exit(code)
}

func run(m *testing.M) (code int, err error) {
	ctx := context.Background()
	replicas := map[string]int{}
	for _, service := range stack.Services {
		replicas[service] = 2
	}
	replicas["catalog"], replicas[stack.Gateway] = 3, 2
	cfg := stack.Config{Replicas: replicas, Env: []string{
		"SOUK_RATE_LIMITS=off", "SOUK_SHIPPING_TRANSIT=1s", "SOUK_GATEWAY_LAME_DUCK=" + lameDuck.String(),
	}}
	var stop func() error
	if live, stop, err = testshop.Start(ctx, cfg); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	anyone = shop.New(live.URL())
	if err := fill(ctx); err != nil {
		return 1, err
	}
	return shop.Verdict(m.Run()), nil
}

// What is on sale, in plenty.
var skus = []string{"F-1", "F-2", "F-3", "F-4", "F-5", "F-6", "F-7", "F-8"}

func fill(ctx context.Context) error {
	staff, _, err := anyone.Login(ctx, live.StaffEmail(), live.StaffPassword())
	if err != nil {
		return err
	}
	return staff.Sell(ctx, skus, 1_000_000)
}

// full reports whether the long forms of the tests are asked for.
func full() bool { return os.Getenv("SOUK_CHAOS") == "full" }

// until tries a condition until it holds. The test ends if it does not in time.
func until(t *testing.T, within time.Duration, condition func() error) {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := condition()
		if err == nil {
			return
		}
		if time.Since(start) > within {
			t.Fatalf("not within %v: %v", within, err)
		}
		<-tick.C
	}
}
