// Package overload tests the shop with more to do than it can, and with callers who do not wait for it: what gets done stays
// done in time, what does not is refused at once, and nothing is worked on for nobody.
package overload

import (
	"fmt"
	"os"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
	"souk/e2e/testshop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// full reports whether the long forms of the tests are asked for.
func full() bool { return os.Getenv("SOUK_CHAOS") == "full" }

// products is how many the shop sells, each in plenty.
const products = 100

// open starts a shop that sells something.
func open(t *testing.T, cfg stack.Config) *testshop.Shop {
	t.Helper()
	cfg.Env = append(cfg.Env, "SOUK_RATE_LIMITS=off")
	s, stop, err := testshop.Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Errorf("stop the shop: %v", err)
		}
	})
	staff, _, err := shop.New(s.URL()).Login(t.Context(), s.StaffEmail(), s.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	file := []byte("Handle,Title,Type,Variant SKU,Variant Price,Variant Grams,Variant Inventory Qty\n")
	for i := range products {
		file = fmt.Appendf(file, "cup-%d,Cup number %d,Kitchen %d,CUP-%d,5,100,1000000\n", i, i, i%10, i)
	}
	if imported, err := staff.Import(t.Context(), file); err != nil || len(imported.Errors) > 0 {
		t.Fatalf("import: %v, %v", imported.Errors, err)
	}
	return s
}

// eventually waits until condition holds, and returns how long that took.
func eventually(t *testing.T, within time.Duration, what string, condition func() bool) time.Duration {
	t.Helper()
	start := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		if time.Since(start) > within {
			t.Fatalf("not within %v: %s", within, what)
		}
		<-tick.C
	}
	return time.Since(start)
}
