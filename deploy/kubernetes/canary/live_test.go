package canary_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"souk/deploy/kubernetes/canary"
	"souk/deploy/kubernetes/canary/samples"
	"souk/testkit/devserver"
)

// behavior is how a version answers. Every so many calls fail; none if that is zero.
type behavior struct {
	failEvery int
	time      time.Duration
	rate      time.Duration // the time between two calls
}

var well = behavior{time: 10 * time.Millisecond, rate: 4 * time.Millisecond}

// served are the metrics of a process about what it answered.
type served struct {
	calls *prometheus.CounterVec
	times *prometheus.HistogramVec
}

// process returns metrics as a process has them, and the codes of a call that succeeded and of one that failed.
func process(service string, registry *prometheus.Registry) (served, string) {
	create := promauto.With(registry)
	if service == "gateway" {
		return served{
			create.NewCounterVec(prometheus.CounterOpts{Name: "souk_http_requests_total"}, []string{"route", "code"}),
			create.NewHistogramVec(prometheus.HistogramOpts{Name: "souk_http_request_duration_seconds", Buckets: []float64{.005, .02, .05, .1, .25}}, []string{"route"}),
		}, "200 503"
	}
	return served{
		create.NewCounterVec(prometheus.CounterOpts{Name: "souk_rpc_server_calls_total"}, []string{"method", "code"}),
		create.NewHistogramVec(prometheus.HistogramOpts{Name: "souk_rpc_server_duration_seconds", Buckets: []float64{.001, .005, .02, .1, .5}}, []string{"method"}),
	}, "OK Internal"
}

// pod serves the metrics of a process that behaves so, and returns where.
func pod(t *testing.T, service string, b behavior) (address string) {
	t.Helper()
	registry := prometheus.NewRegistry()
	metrics, codes := process(service, registry)
	ok, failed, _ := strings.Cut(codes, " ")
	server := httptest.NewServer(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
	t.Cleanup(server.Close)
	go func() {
		for n := 1; t.Context().Err() == nil; n++ {
			code := ok
			if b.failEvery > 0 && n%b.failEvery == 0 {
				code = failed
			}
			metrics.calls.WithLabelValues("a", code).Inc()
			metrics.times.WithLabelValues("a").Observe(b.time.Seconds())
			time.Sleep(b.rate)
		}
	}()
	return strings.TrimPrefix(server.URL, "http://")
}

// target is a pod as Kubernetes describes it to Prometheus.
func target(address, namespace, service, hash string) string {
	_, port, _ := strings.Cut(address, ":")
	return fmt.Sprintf(`
      - targets: [%q]
        labels:
          __meta_kubernetes_namespace: %s
          __meta_kubernetes_pod_name: %s-%s
          __meta_kubernetes_pod_phase: Running
          __meta_kubernetes_pod_annotation_prometheus_io_scrape: "true"
          __meta_kubernetes_pod_annotation_prometheus_io_port: %q
          __meta_kubernetes_pod_container_port_number: %q
          __meta_kubernetes_pod_label_app_kubernetes_io_name: %s
          __meta_kubernetes_pod_label_pod_template_hash: %s`, address, namespace, service, hash, port, port, service, hash)
}

var discovery = regexp.MustCompile(`(?s)kubernetes_sd_configs:.*?(\n    relabel_configs:)`)

// watch starts a Prometheus with the configuration of the cluster, but for how it finds pods and how often it reads them.
func watch(t *testing.T, targets string) (url string) {
	t.Helper()
	text, err := os.ReadFile("../../observability/kubernetes.yml")
	if err != nil || !discovery.Match(text) {
		t.Fatalf("no pods are looked for in %s: %v", text, err)
	}
	config := discovery.ReplaceAllString(string(text), "static_configs:"+targets+"$1")
	config = strings.Replace(config, "scrape_interval: 5s", "scrape_interval: 500ms", 1)
	dir := t.TempDir()
	file := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	server, err := devserver.StartPrometheus(t.Context(), devserver.PrometheusConfig{Dir: filepath.Join(dir, "data"), ConfigFile: file})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	return "http://" + server.Addr()
}

func TestTheJudgeReadsARealPrometheus(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, service string
		after         behavior
		// want is in the error, or empty.
		want string
	}{
		{"good", "orders", well, ""},
		{"erring", "orders", behavior{failEvery: 5, time: well.time, rate: well.rate}, "of the calls fail instead of 0.00 %"},
		{"slow", "orders", behavior{time: 3 * well.time, rate: well.rate}, "a: a call takes 30ms instead of 10ms; 20ms is accepted"},
		{"idle", "orders", behavior{time: well.time, rate: time.Second}, "too little traffic"},
		{"good", "gateway", well, ""},
		{"erring", "gateway", behavior{failEvery: 5, time: well.time, rate: well.rate}, "of the calls fail instead of 0.00 %"},
	}
	var targets strings.Builder
	for _, test := range tests {
		targets.WriteString(target(pod(t, test.service, well), test.name, test.service, oldHash))
		targets.WriteString(target(pod(t, test.service, test.after), test.name, test.service, newHash))
	}
	url := watch(t, targets.String())
	for _, test := range tests {
		t.Run(test.name+" "+test.service, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			cfg := config(t, f)
			cfg.Service, cfg.Every, cfg.Patience, cfg.Duration = test.service, time.Second, 10*time.Second, 5*time.Second
			cfg.Read = samples.Source{Namespace: test.name, Service: test.service, Connect: samples.At(url)}.Read
			awaitFirst(t, cfg.Read)
			err := canary.Run(t.Context(), cfg)
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

// awaitFirst waits until Prometheus has heard from both versions.
func awaitFirst(t *testing.T, read func(context.Context) (samples.Snapshot, error)) {
	t.Helper()
	for range 100 {
		if s, err := read(t.Context()); err == nil && s.Has(oldHash) && s.Has(newHash) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatal("Prometheus has not heard from both versions")
}

func TestAPrometheusThatIsAwayIsAnError(t *testing.T) {
	t.Parallel()
	source := samples.Source{Namespace: "souk", Service: "orders", Connect: samples.At("http://127.0.0.1:1")}
	if _, err := source.Read(t.Context()); err == nil || !strings.Contains(err.Error(), "ask Prometheus") {
		t.Error(err)
	}
}
