package job

import (
	"testing"
	"time"
)

func TestWaitsGrowWithTheAgeOfTheJob(t *testing.T) {
	t.Parallel()
	for age, want := range map[time.Duration]time.Duration{
		0:                leastWait,
		7 * time.Second:  leastWait,
		40 * time.Second: 5 * time.Second,
		time.Hour:        mostWait,
	} {
		if got := backoff(age); got != want {
			t.Errorf("at %v: %v, want %v", age, got, want)
		}
	}
}
