// Package scrape reads the metrics of a process at its admin port.
package scrape

import (
	"context"
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Metrics are the metrics of a process at one moment, by name.
type Metrics map[string]*dto.MetricFamily

// Read returns the metrics of the process with this admin address, host:port.
func Read(ctx context.Context, admin string) (Metrics, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+admin+"/metrics", nil)
	if err != nil {
		return nil, err
	}
	req.Close = true // so that a reader leaves no goroutine in the process
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", admin, resp.Status)
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(resp.Body)
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", admin, err)
	}
	return families, nil
}

// Own returns the metrics of this process.
func Own() (Metrics, error) {
	families, err := prometheus.DefaultGatherer.Gather()
	metrics := Metrics{}
	for _, family := range families {
		metrics[family.GetName()] = family
	}
	return metrics, err
}

// Sum returns the sum of a counter or gauge over all label values that match. labels are pairs of a name and a value. The sum of
// a histogram is the sum of what it observed.
func (m Metrics) Sum(name string, labels ...string) float64 {
	sum := 0.0
	for _, metric := range m[name].GetMetric() {
		if matches(metric, labels) {
			sum += metric.GetCounter().GetValue() + metric.GetGauge().GetValue() + metric.GetHistogram().GetSampleSum()
		}
	}
	return sum
}

// Count returns the number of series of a metric whose label values match, also of those that are 0.
func (m Metrics) Count(name string, labels ...string) int {
	n := 0
	for _, metric := range m[name].GetMetric() {
		if matches(metric, labels) {
			n++
		}
	}
	return n
}

// Values returns the values of a label of a counter or gauge, where the metric is not 0.
func (m Metrics) Values(name, label string, labels ...string) []string {
	var values []string
	for _, metric := range m[name].GetMetric() {
		if matches(metric, labels) && metric.GetCounter().GetValue()+metric.GetGauge().GetValue() != 0 {
			values = append(values, valueOf(metric, label))
		}
	}
	return values
}

func matches(metric *dto.Metric, labels []string) bool {
	for i := 0; i+1 < len(labels); i += 2 {
		if valueOf(metric, labels[i]) != labels[i+1] {
			return false
		}
	}
	return true
}

func valueOf(metric *dto.Metric, label string) string {
	for _, pair := range metric.GetLabel() {
		if pair.GetName() == label {
			return pair.GetValue()
		}
	}
	return ""
}
