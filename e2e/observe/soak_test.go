package observe

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// How many shoppers a soak has at once.
const soakShoppers = 4

// TestNoAlertFiresInASoak has shoppers and staff go on for SOUK_SOAK. The rules are sped up, so that ten minutes count as five hours.
func TestNoAlertFiresInASoak(t *testing.T) {
	text := os.Getenv("SOUK_SOAK")
	if text == "" {
		t.Skip("takes as long as SOUK_SOAK says: make soak")
	}
	lasts, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("SOUK_SOAK: %v", err)
	}
	w := open(t)
	w.speedUp(t)
	end := time.Now().Add(lasts)
	t.Run("days", func(t *testing.T) {
		for i := range soakShoppers {
			t.Run(fmt.Sprint(i), func(t *testing.T) {
				t.Parallel()
				for time.Now().Before(end) {
					w.day(t)
				}
			})
		}
	})
	w.noAlertHasFired(t)
}

// noAlertHasFired asserts that no alert has fired since the shop was started, and that the rules were evaluated.
func (w *watched) noAlertHasFired(t *testing.T) {
	t.Helper()
	fired, err := w.prometheus.query(t.Context(), `max by (alertname) (max_over_time(ALERTS{alertstate="firing"}[1d]))`)
	if err != nil {
		t.Fatal(err)
	}
	for _, alert := range fired {
		t.Errorf("%s has fired", alert.Metric["alertname"])
	}
	if err := w.prometheus.mustHave(t.Context(), `slo:bad:ratio_rate1h`); err != nil {
		t.Error(err)
	}
}
