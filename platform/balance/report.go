package balance

import (
	"cmp"
	"context"
	"expvar"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// How often instances were ejected and taken back, under the keys "SERVICE ejected" and "SERVICE taken back". A failed trial
// counts as one more ejection.
var counts = expvar.NewMap("outliers")

func init() {
	expvar.Publish("left_alone", expvar.Func(func() any { return LeftAlone() }))
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
	counts.Add(c.service+" "+c.kind, 1)
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
