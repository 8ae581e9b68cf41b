package samples

import (
	"context"
	"fmt"
	"strings"
	"time"

	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// Snapshot is what the counters of a service's pods were at one moment.
type Snapshot struct {
	// Pods are those that answered Prometheus, with their versions.
	Pods   map[string]string
	series map[series]float64
}

// Has reports whether Prometheus has heard from a pod of the version.
func (s Snapshot) Has(version string) bool {
	for _, v := range s.Pods {
		if v == version {
			return true
		}
	}
	return false
}

// series is a counter of a pod. Bound is the le of a bucket.
type series struct {
	pod, version, name, method, code, bound string
}

// read asks Prometheus for a snapshot.
func read(ctx context.Context, prometheus v1.API, namespace, service string) (Snapshot, error) {
	value, _, _, err := prometheus.Query(ctx, of(service).query(namespace, service), time.Time{})
	if err != nil {
		return Snapshot{}, fmt.Errorf("ask Prometheus: %w", err)
	}
	vector, ok := value.(model.Vector)
	if !ok {
		return Snapshot{}, fmt.Errorf("ask Prometheus: the answer is a %s", value.Type())
	}
	return Of(service, vector), nil
}

// Of returns the snapshot that Prometheus has answered for a service, or for the gateway.
func Of(service string, answer model.Vector) Snapshot {
	s := Snapshot{Pods: map[string]string{}, series: map[series]float64{}}
	for _, sample := range answer {
		s.add(of(service), sample)
	}
	return s
}

func (s Snapshot) add(m metrics, sample *model.Sample) {
	label := func(name string) string { return string(sample.Metric[model.LabelName(name)]) }
	key := series{
		pod: label(podLabel), version: label(versionLabel), name: label(model.MetricNameLabel),
		method: label(m.method), code: label("code"), bound: label(model.BucketLabel),
	}
	if key.name != "up" {
		key.name = strings.TrimPrefix(key.name, m.duration)
		s.series[key] += float64(sample.Value)
	} else if sample.Value == 1 {
		s.Pods[key.pod] = key.version
	}
}
