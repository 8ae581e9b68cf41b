package balance

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// A failed trial counts as one more ejection.
var changes = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_instance_changes_total", Help: "How often instances of a service were ejected, and taken back.",
}, []string{"peer", "change"})

var leftAloneDesc = prometheus.NewDesc("souk_instances_left_alone", "Instances of a service that get no calls from this process.", []string{"peer", "reason"}, nil)

func init() { prometheus.MustRegister(leftAloneMetric{}) }

// leftAloneMetric counts the instances that get no calls when it is asked.
type leftAloneMetric struct{}

func (leftAloneMetric) Describe(out chan<- *prometheus.Desc) { out <- leftAloneDesc }

func (leftAloneMetric) Collect(out chan<- prometheus.Metric) {
	counts := map[[2]string]int{}
	open.mu.Lock()
	for f := range open.all {
		counts[[2]string{f.service, Outlier}] += 0
	}
	open.mu.Unlock()
	for _, one := range LeftAlone() {
		counts[[2]string{one.Service, one.Reason}]++
	}
	for key, n := range counts {
		out <- prometheus.MustNewConstMetric(leftAloneDesc, prometheus.GaugeValue, float64(n), key[0], key[1])
	}
}

// open holds the fleets of all open connections of this process.
var open fleets

type fleets struct {
	mu  sync.Mutex
	all map[*fleet]bool
}

func (f *fleets) add(one *fleet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[*fleet]bool{}
	}
	f.all[one] = true
}

func (f *fleets) remove(one *fleet) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, one)
}

// Reasons to skip an instance.
const (
	Outlier = "outlier" // its calls fail while those of its peers succeed
	Silent  = "silent"  // it sends no answers
)

// Absence describes an instance that gets no calls at present.
type Absence struct {
	Service string `json:"service"`
	// Address is host:port.
	Address string `json:"address"`
	// Reason is Outlier or Silent.
	Reason string `json:"reason"`
	// FailureRate is the part of its latest calls that failed, from 0 to 1.
	FailureRate float64 `json:"failure_rate"`
	// Until is when it may be tried again.
	Until time.Time `json:"until"`
}

// LeftAlone returns the instances that get no calls from this process at present, sorted by service and address.
func LeftAlone() []Absence {
	open.mu.Lock()
	defer open.mu.Unlock()
	absences := []Absence{}
	now := time.Now()
	for f := range open.all {
		absences = append(absences, f.absences(now)...)
	}
	slices.SortFunc(absences, func(a, b Absence) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Address, b.Address))
	})
	return absences
}

func (f *fleet) absences(now time.Time) []Absence {
	f.mu.Lock()
	defer f.mu.Unlock()
	var absences []Absence
	for _, one := range f.instances {
		absence := Absence{Service: f.service, Address: one.address, FailureRate: one.failureRate}
		switch {
		case one.ejected:
			absence.Reason, absence.Until = Outlier, one.until
		case !one.answers(now):
			absence.Reason, absence.Until = Silent, one.dueAt()
		default:
			continue
		}
		absences = append(absences, absence)
	}
	return absences
}

// change is the ejection of an instance, or its return.
type change struct {
	kind             string
	service, address string
	failureRate      float64
	until            time.Time // end of the ejection
}

const (
	ejected   = "ejected"
	takenBack = "taken back"
)

// report counts the change and logs it, unless there is no logger.
func (c change) report(logger *slog.Logger) {
	changes.WithLabelValues(c.service, c.kind).Inc()
	if logger == nil {
		return
	}
	attrs := []slog.Attr{slog.String("service", c.service), slog.String("address", c.address), slog.Float64("failure_rate", c.failureRate)}
	level := slog.LevelInfo
	if c.kind == ejected {
		level = slog.LevelWarn
		attrs = append(attrs, slog.Time("until", c.until))
	}
	logger.LogAttrs(context.Background(), level, "instance "+c.kind, attrs...)
}
