package handler_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

func TestConcurrentPagesWaitForASlowInventoryInParallel(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	cart(s, line("SKU-0001", 2))
	on(s, getLevels, func(ctx context.Context, _ *inventoryv1.GetLevelsRequest) (*inventoryv1.GetLevelsResponse, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	before := degraded(t, "availability")
	start := time.Now()
	var asking sync.WaitGroup
	for range 25 {
		for _, path := range []string{"/v1/products/0001", "/v1/products?in_stock=true", "/v1/carts/c1"} {
			asking.Go(func() {
				r := s.send(t, guest, "GET", path, nil)
				if r.status != 200 || !strings.Contains(string(r.body), `"unknown"`) {
					t.Errorf("%s: %d %s", path, r.status, r.body)
				}
			})
		}
	}
	asking.Wait()
	// A second each, and some extra time for a busy machine.
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("75 pages took %v", took)
	}
	if counted := degraded(t, "availability") - before; counted < 75 {
		t.Errorf("%d of 75 were counted", counted)
	}
}

func TestAPageGetsANewTagWhenItsAvailabilityIsKnownAgain(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	s.fail(getLevels, status.Error(codes.Unavailable, "away"))
	unknown := s.send(t, guest, "GET", "/v1/products/mug", nil).header.Get("ETag")
	s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", unknown).mustBe(t, 304, "")
	stock(s, map[string]int64{"MUG-S": 6, "MUG-L": 6})
	r := s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", unknown)
	if r.mustBe(t, 200, ""); !strings.Contains(string(r.body), `"in_stock"`) {
		t.Errorf("answered %s", r.body)
	}
	s.fail(getLevels, errors.New("bug"))
	s.send(t, guest, "GET", "/v1/products/mug", nil, "If-None-Match", r.header.Get("ETag")).mustBe(t, 200, "")
}
