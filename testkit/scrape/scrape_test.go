package scrape

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func TestMetricsOfAProcess(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	calls := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "calls_total"}, []string{"method", "code"})
	registry.MustRegister(calls)
	calls.WithLabelValues("a", "OK").Add(2)
	calls.WithLabelValues("b", "OK").Add(3)
	calls.WithLabelValues("b", "INTERNAL").Add(0)
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	defer server.Close()

	metrics, err := Read(t.Context(), strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	if got := metrics.Sum("calls_total", "code", "OK"); got != 5 {
		t.Errorf("sum %v, want 5", got)
	}
	if got := metrics.Values("calls_total", "method", "code", "OK"); len(got) != 2 || got[0] != "a" || got[1] != "b" {
		t.Errorf("values %v, want a and b", got)
	}
	if got := metrics.Count("calls_total", "method", "b"); got != 2 {
		t.Errorf("%d series, want 2", got)
	}
	if got := metrics.Values("calls_total", "method", "code", "INTERNAL"); len(got) != 0 {
		t.Errorf("values %v, want none", got)
	}
	if metrics.Sum("nothing") != 0 {
		t.Error("an unknown metric has a sum")
	}
}

func TestAPageThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(nil)
	defer server.Close()
	if _, err := Read(t.Context(), strings.TrimPrefix(server.URL, "http://")); err == nil {
		t.Error("no error")
	}
}
