package fleet

import (
	"testing"
	"time"

	"souk/deploy/local/stack"
)

// TestRollingRestartsDropNoRequest replaces the instances of each service one after the other while shoppers go on.
func TestRollingRestartsDropNoRequest(t *testing.T) {
	rolls := 1
	if full() {
		rolls = 10
	}
	for _, service := range stack.Services {
		t.Run(service, func(t *testing.T) {
			l := newLoad(t)
			for range rolls {
				if err := live.Roll(t.Context(), service); err != nil {
					t.Fatal(err)
				}
			}
			l.await(t, time.Now(), 50)
			all := l.end()
			all.failed().refuse(t)
			t.Logf("measured: %d rolling restarts of %d instances of %s: %d requests, %d failed, the slowest took %.2f s",
				rolls, len(live.Instances(service)), service, len(all), len(all.failed()), all.slowest().Seconds())
		})
	}
}
