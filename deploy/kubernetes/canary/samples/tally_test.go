package samples_test

import (
	"math"
	"testing"

	"github.com/prometheus/common/model"

	"souk/deploy/kubernetes/canary/judge"
	"souk/deploy/kubernetes/canary/samples"
)

const (
	before, after = "5d4f", "7c9b"
	create        = "souk.orders.v1.OrdersService/CreateOrder"
	watch         = "souk.orders.v1.OrdersService/WatchOrder"
)

// counter is a series of a pod, of a version, with more labels and their values.
func counter(name, pod, version string, value float64, labels ...string) *model.Sample {
	metric := model.Metric{"__name__": model.LabelValue(name), "pod": model.LabelValue(pod), "pod_template_hash": model.LabelValue(version)}
	for i := 0; i < len(labels); i += 2 {
		metric[model.LabelName(labels[i])] = model.LabelValue(labels[i+1])
	}
	return &model.Sample{Metric: metric, Value: model.SampleValue(value)}
}

// pod is what a pod shows that has answered calls of a tenth of a second each, some of which failed.
func pod(name, version string, good, failed float64) model.Vector {
	const calls, duration = "souk_rpc_server_calls_total", "souk_rpc_server_duration_seconds"
	all := good + failed
	v := model.Vector{
		counter("up", name, version, 1),
		counter(calls, name, version, good, "method", create, "code", "OK"),
		counter(calls, name, version, 1000, "method", watch, "code", "Unavailable"),
		counter(duration+"_sum", name, version, all/10, "method", create),
		counter(duration+"_bucket", name, version, 0, "method", create, "le", "0.02"),
		counter(duration+"_bucket", name, version, all, "method", create, "le", "0.1"),
		counter(duration+"_bucket", name, version, all, "method", create, "le", "+Inf"),
	}
	if failed > 0 {
		v = append(v, counter(calls, name, version, failed, "method", create, "code", "Unavailable"))
	}
	return v
}

// tally adds up snapshots of some pods each.
func tally(snapshots ...[]model.Vector) *samples.Tally {
	t := samples.NewTally("orders")
	for _, pods := range snapshots {
		var all model.Vector
		for _, p := range pods {
			all = append(all, p...)
		}
		t.Add(samples.Of("orders", all))
	}
	return t
}

func TestATallyHoldsWhatWasAnsweredSinceItBegan(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name             string
		snapshots        [][]model.Vector
		answered, failed float64
	}{
		{"nothing before the first snapshot counts", [][]model.Vector{{pod("a", after, 100, 10)}}, 0, 0},
		{"the first failure counts", [][]model.Vector{{pod("a", after, 100, 0)}, {pod("a", after, 140, 3)}}, 43, 3},
		{"pods of a version are added up", [][]model.Vector{{pod("a", after, 100, 0), pod("b", after, 50, 5)}, {pod("a", after, 110, 0), pod("b", after, 60, 6)}}, 21, 1},
		{"a counter that began again", [][]model.Vector{{pod("a", after, 100, 0)}, {pod("a", after, 120, 0)}, {pod("a", after, 7, 1)}}, 28, 1},
		{"a pod that came later", [][]model.Vector{{pod("a", after, 100, 0)}, {pod("a", after, 110, 0), pod("b", after, 500, 50)}, {pod("b", after, 505, 51)}}, 16, 1},
		{"a pod of which nothing was heard for a time", [][]model.Vector{{pod("a", after, 100, 0)}, {}, {pod("a", after, 130, 2)}}, 32, 2},
		{"the other version", [][]model.Vector{{pod("a", before, 100, 0)}, {pod("a", before, 200, 10)}}, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := tally(test.snapshots...).Version(after)
			if got.Total().Answered != test.answered || got.Total().Failed != test.failed {
				t.Errorf("%v, want %v answered and %v failed", got, test.answered, test.failed)
			}
			if _, found := got[watch]; found {
				t.Error("a stream is judged")
			}
		})
	}
}

func TestATallyKnowsHowLongCallsTook(t *testing.T) {
	t.Parallel()
	got := tally([]model.Vector{pod("a", after, 0, 0)}, []model.Vector{pod("a", after, 30, 0)}).Version(after)[create]
	// Of times that are spread evenly on a logarithmic scale from 0.02 to 0.1, this is the mean square by the square of the mean.
	const low, high = 0.02, 0.1
	spread := math.Log(high/low) * (high + low) / (2 * (high - low))
	want := judge.Calls{Answered: 30, Timed: 30, Seconds: 3, Squares: 30 * 0.1 * 0.1 * spread}
	if math.Abs(got.Squares-want.Squares) > 1e-9 {
		t.Errorf("the squares are %v, want %v", got.Squares, want.Squares)
	}
	if got.Squares = want.Squares; got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

func TestRequestsWhoseClientLeftAreLeftOut(t *testing.T) {
	t.Parallel()
	const calls, route = "souk_http_requests_total", "POST /v1/orders"
	snapshot := func(n float64) samples.Snapshot {
		return samples.Of("gateway", model.Vector{
			counter("up", "a", after, 1),
			counter(calls, "a", after, n, "route", route, "code", "201"),
			counter(calls, "a", after, n, "route", route, "code", "404"),
			counter(calls, "a", after, n, "route", route, "code", "499"),
			counter(calls, "a", after, n, "route", route, "code", "503"),
			counter("souk_http_request_duration_seconds_bucket", "a", after, 4*n, "route", route, "le", "+Inf"),
		})
	}
	tally := samples.NewTally("gateway")
	tally.Add(snapshot(0))
	tally.Add(snapshot(10))
	if got := tally.Version(after)[route]; got.Answered != 30 || got.Failed != 10 {
		t.Errorf("%+v, want 30 answered and 10 failed", got)
	}
}
