package fleet

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

const (
	// A gateway that is told to stop takes requests for this long ...
	lameDuck = time.Second
	// ... and the load balancer asks so often whether it is ready.
	checkEvery = 200 * time.Millisecond
	// As many shoppers as keep this machine busy.
	busyShoppers = 12
)

// TestRollingRestartsOfGatewaysDropNoRequest restarts two gateways in turn, at the same addresses, behind a load balancer that asks
// each of them at /readyz and knows nothing else.
func TestRollingRestartsOfGatewaysDropNoRequest(t *testing.T) {
	requests := 2000
	if full() {
		requests = 10_000
	}
	b := newBalancer(t)
	b.await(t)
	began := time.Now()
	l := newLoadOf(t, shop.New(b.url()), busyShoppers)
	restarts := 0
	for answered := 0; answered < requests; answered = l.answered() {
		for _, part := range live.Instances(stack.Gateway) {
			if err := live.Restart(t.Context(), part); err != nil {
				t.Fatal(err)
			}
			restarts++
			b.await(t)
		}
	}
	all := l.end()
	all.failed().refuse(t)
	t.Logf("measured: %d restarts of %d gateways behind haproxy in %.0f s: %d requests, %d failed, the slowest took %.2f s",
		restarts, len(live.Instances(stack.Gateway)), time.Since(began).Seconds(), len(all), len(all.failed()), all.slowest().Seconds())
}

// TestAServiceThatIsAwayLeavesGatewaysReady is why a load balancer does not take the whole shop away for one service.
func TestAServiceThatIsAwayLeavesGatewaysReady(t *testing.T) {
	staff, _, err := anyone.Login(t.Context(), live.StaffEmail(), live.StaffPassword())
	if err != nil {
		t.Fatal(err)
	}
	toldAway := func(service string) func() error {
		return func() error {
			resp, err := staff.Send(t.Context(), http.MethodGet, "/v1/admin/dependencies", nil)
			if err != nil {
				return err
			}
			var list struct {
				Items []struct{ Name, Status string }
			}
			if err := resp.Decode(&list); err != nil {
				return err
			}
			for _, item := range list.Items {
				if item.Name == service && item.Status == "away" {
					return nil
				}
			}
			return fmt.Errorf("%s is not told to be away: %s", service, resp.Body)
		}
	}
	defer func() {
		for _, part := range live.Instances("payments") {
			if err := live.Restart(t.Context(), part); err != nil {
				t.Fatal(err)
			}
		}
		complete(t, "payments")
	}()
	for _, part := range live.Instances("payments") {
		if err := live.Kill(part); err != nil {
			t.Fatal(err)
		}
	}
	until(t, settleWithin, toldAway("payments"))
	// One that starts now is ready as well.
	if err := live.Restart(t.Context(), stack.Gateway); err != nil {
		t.Fatal(err)
	}
	until(t, settleWithin, func() error {
		for _, part := range live.Instances(stack.Gateway) {
			resp, err := shop.New("http://"+live.GatewayAddr(part)).Send(t.Context(), http.MethodGet, "/readyz", nil)
			if err != nil || resp.Status != http.StatusOK {
				return fmt.Errorf("%s is not ready: %w", part, err)
			}
		}
		return nil
	})
	until(t, settleWithin, toldAway("payments"))
}
