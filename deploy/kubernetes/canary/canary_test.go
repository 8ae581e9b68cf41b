package canary_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"

	"souk/deploy/kubernetes/canary"
	"souk/deploy/kubernetes/canary/samples"
)

const method = "souk.orders.v1.OrdersService/CreateOrder"

// answers are snapshots in which each version answers so many calls between two of them. Some of those of the new version fail.
func answers(calls, failed float64) func(context.Context) (samples.Snapshot, error) {
	looks := 0.0
	return func(context.Context) (samples.Snapshot, error) {
		looks++
		var all model.Vector
		for _, p := range []struct {
			version string
			failed  float64
		}{{oldHash, 0}, {newHash, failed}} {
			series := func(name string, count float64, label, of model.LabelValue) *model.Sample {
				return &model.Sample{Value: model.SampleValue(looks * count), Metric: model.Metric{
					"__name__": model.LabelValue(name), "pod": model.LabelValue(p.version), "pod_template_hash": model.LabelValue(p.version),
					"method": method, model.LabelName(label): of,
				}}
			}
			up := series("up", 1, "job", "souk")
			up.Value = 1
			all = append(all, up,
				series("souk_rpc_server_calls_total", calls-p.failed, "code", "OK"),
				series("souk_rpc_server_calls_total", p.failed, "code", "Internal"),
				series("souk_rpc_server_duration_seconds_sum", calls/100, "job", "souk"),
				series("souk_rpc_server_duration_seconds_bucket", calls, "le", "0.02"),
				series("souk_rpc_server_duration_seconds_bucket", calls, "le", "+Inf"))
		}
		return samples.Of("orders", all), nil
	}
}

// config rolls the new image out in a cluster.
func config(t *testing.T, f *fake) canary.Config {
	t.Helper()
	return canary.Config{
		Service: "orders", Image: newImage, Startup: time.Second, Duration: 100 * time.Millisecond, Calls: 100,
		Every: 10 * time.Millisecond, Patience: 50 * time.Millisecond, Again: time.Millisecond,
		Kubectl: f.kubectl, Global: []string{"--namespace", "souk"}, Read: answers(100, 0), Out: t.Output(),
	}
}

// rolledOut are the commands of a rollout, with the image that is left.
func rolledOut(image string) []string {
	const start, pause, resume, status = "set image deployment/orders service=" + newImage, "rollout pause deployment/orders",
		"rollout resume deployment/orders", "rollout status deployment/orders --timeout 40m"
	if image == newImage {
		return []string{start, pause, resume, status}
	}
	return []string{start, pause, "set image deployment/orders service=" + oldImage, resume, status}
}

// must checks what was done to the cluster, and the error.
func (f *fake) must(t *testing.T, err error, image string, contains ...string) {
	t.Helper()
	if !slices.Equal(f.changes, rolledOut(image)) {
		t.Errorf("the changes are %v", f.changes)
	}
	if f.paused || f.image != image {
		t.Errorf("left with %s, paused %t", f.image, f.paused)
	}
	if (err == nil) != (len(contains) == 0) {
		t.Fatal(err)
	}
	for _, text := range contains {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("%v, want %q in it", err, text)
		}
	}
}

func TestAVersionThatIsNotWorseIsRolledOut(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.must(t, canary.Run(t.Context(), config(t, f)), newImage)
}

func TestAVersionThatFailsIsRolledBackAtOnce(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(t, f)
	cfg.Read, cfg.Duration = answers(100, 20), time.Hour
	f.must(t, canary.Run(t.Context(), cfg), oldImage, "rolled back to "+oldImage, method+": 20.00 % of the calls fail instead of 0.00 %")
}

func TestWithTooLittleTrafficItIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(t, f)
	cfg.Read = answers(0.5, 0)
	f.must(t, canary.Run(t.Context(), cfg), oldImage, "too little traffic", "Each needs 100")
}

func TestAPodThatRestartsIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.restarts = 1
	f.must(t, canary.Run(t.Context(), config(t, f)), oldImage, "orders-new has ended: OOMKilled, exit code 137")
}

func TestAPodThatDoesNotGetReadyIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.unready = true
	f.must(t, canary.Run(t.Context(), config(t, f)), oldImage, "the new pod is not ready after 1s")
}

func TestAPodThatStopsBeingReadyIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(t, f)
	cfg.Duration = time.Hour
	reads, read := 0, cfg.Read
	cfg.Read = func(ctx context.Context) (samples.Snapshot, error) {
		if reads++; reads == 3 {
			f.unready = true
		}
		return read(ctx)
	}
	f.must(t, canary.Run(t.Context(), cfg), oldImage, "the new pod is no longer ready")
}

func TestWithoutPrometheusItIsRolledBack(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(t, f)
	reads, read := 0, cfg.Read
	cfg.Duration = time.Hour
	cfg.Read = func(ctx context.Context) (samples.Snapshot, error) {
		if reads++; reads > 3 {
			return samples.Snapshot{}, errors.New("Prometheus is away")
		}
		return read(ctx)
	}
	f.must(t, canary.Run(t.Context(), cfg), oldImage, "Prometheus is away")
}

func TestAnInterruptedRolloutIsRolledBack(t *testing.T) {
	t.Parallel()
	for _, during := range []string{"rollout pause", "get --output json pods", "rollout status"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			ctx, interrupt := context.WithCancel(t.Context())
			f := newFake()
			f.before = func(command string) {
				if strings.HasPrefix(command, during) && f.newPods > 0 {
					interrupt()
				}
			}
			err := canary.Run(ctx, config(t, f))
			if err == nil || !strings.Contains(err.Error(), "interrupted") || f.image != oldImage || f.paused || f.newPods > 0 {
				t.Errorf("%v; left with %s, paused %t, %d new pods", err, f.image, f.paused, f.newPods)
			}
		})
	}
}

func TestIfRollingBackFailsAPersonIsToldWhatToDo(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.restarts, f.fails = 1, []string{"rollout resume"}
	err := canary.Run(t.Context(), config(t, f))
	want := `  kubectl --namespace souk set image deployment/orders service=souk-orders:1.2.2
  kubectl --namespace souk rollout resume deployment/orders
  kubectl --namespace souk rollout status deployment/orders`
	if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "ROLLING BACK FAILED") {
		t.Error(err)
	}
}

func TestWhatSomebodyElseHasChangedIsLeftAlone(t *testing.T) {
	t.Parallel()
	f := newFake()
	cfg := config(t, f)
	cfg.Duration = time.Hour
	read := cfg.Read
	reads := 0
	cfg.Read = func(ctx context.Context) (samples.Snapshot, error) {
		if reads++; reads == 3 {
			f.mu.Lock()
			defer f.mu.Unlock()
			f.image = "souk-orders:other"
		}
		return read(ctx)
	}
	err := canary.Run(t.Context(), cfg)
	if err == nil || !strings.Contains(err.Error(), "somebody else has changed the Deployment") || f.image != "souk-orders:other" || len(f.changes) != 2 {
		t.Errorf("%v after %v", err, f.changes)
	}
}

func TestNothingIsDoneUnlessOnePodCanBeTried(t *testing.T) {
	t.Parallel()
	for want, prepare := range map[string]func(*fake, *canary.Config){
		"is paused":                      func(f *fake, _ *canary.Config) { f.paused = true },
		"has the image " + newImage:      func(f *fake, _ *canary.Config) { f.image, f.oldPods, f.newPods = newImage, 2, 0 },
		"is not at rest":                 func(f *fake, _ *canary.Config) { f.oldPods = 1 },
		"would lose old pods":            func(f *fake, _ *canary.Config) { f.unavailable = 1 },
		"the API server does not answer": func(f *fake, _ *canary.Config) { f.fails = []string{"get"} },
		"is known to Prometheus": func(_ *fake, c *canary.Config) {
			c.Read = func(context.Context) (samples.Snapshot, error) { return samples.Snapshot{}, nil }
		},
		"dial tcp 127.0.0.1:9: not listening": func(_ *fake, c *canary.Config) {
			c.Read = func(context.Context) (samples.Snapshot, error) {
				return samples.Snapshot{}, errors.New("dial tcp 127.0.0.1:9: not listening")
			}
		},
	} {
		t.Run(want, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			cfg := config(t, f)
			prepare(f, &cfg)
			if err := canary.Run(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), want) || len(f.changes) > 0 {
				t.Errorf("%v after %v", err, f.changes)
			}
		})
	}
}
