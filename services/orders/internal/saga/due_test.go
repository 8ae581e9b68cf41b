package saga

import (
	"testing"
	"time"
)

func TestWaitsGrowWithTheTimeSinceTheOrderChanged(t *testing.T) {
	t.Parallel()
	for unchanged, want := range map[time.Duration]time.Duration{
		0:                leastWait,
		7 * time.Second:  leastWait,
		40 * time.Second: 5 * time.Second,
		time.Hour:        mostWait,
	} {
		if got := backoff(unchanged); got != want {
			t.Errorf("after %v: %v, want %v", unchanged, got, want)
		}
	}
}
