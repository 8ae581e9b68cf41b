package balance

import (
	"slices"
	"sync"
	"time"
)

const (
	// The weight of the latest call in an instance's failure rate, which is an exponential moving average: after four failures
	// in a row the rate is at least 1 - 0.8^4 = 59 %, however many calls succeeded before. The rate counts calls rather than
	// time, so it takes four calls to find an outlier, in a busy service and in a quiet one.
	weight = 0.2
	// An instance is an outlier only if its failure rate is higher than this.
	tooMany = 0.5
	// In addition, the median failure rate of its peers must be less than this part of its own.
	apart = 0.25
	// A peer is compared only after this many calls.
	leastCalls = 4
	// The first ejection lasts this long. Each further one lasts twice as long as the one before, up to longestEjection.
	shortestEjection = 10 * time.Second
	longestEjection  = time.Minute
	// After an ejection, one call at a time tries the instance. It is used again after this many successes in a row.
	trials = 3
)

// record is the history of an instance's calls.
type record struct {
	calls       int     // with an outcome that counts
	failureRate float64 // moving average over the latest calls

	ejected   bool
	span      time.Duration // length of the present or last ejection
	until     time.Time     // when an ejected instance may be tried; each trial postpones it
	successes int           // successful trials in a row
	back      time.Time     // when it was last taken back
}

func (r *record) count(failed bool) {
	r.calls++
	r.failureRate *= 1 - weight
	if failed {
		r.failureRate += weight
	}
}

// fleet is the instances of one service as one connection sees them.
type fleet struct {
	service string

	mu        sync.Mutex
	instances []*instance // the ready ones
}

func (f *fleet) set(ready []*instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instances = ready
}

// judge counts the outcome of an attempt and returns the ejections and returns that follow from it.
func (f *fleet) judge(one *instance, failed, trial bool, now time.Time) []change {
	switch {
	case !one.ejected:
		one.count(failed)
		if !failed {
			return nil
		}
		if f.isOutlier(one, now) {
			return f.ejectOutlier(one, now)
		}
		return f.takeAllBack(now)
	case trial && failed:
		return f.eject(one, now)
	case trial:
		one.until = now // the next trial may start at once
		if one.successes++; one.successes == trials {
			return f.takeBack(one, now)
		}
	}
	return nil
}

// isOutlier compares an instance with the median of its peers. The median allows some of the peers to be bad as well.
func (f *fleet) isOutlier(one *instance, now time.Time) bool {
	var peers []float64
	for _, peer := range f.inUse(now) {
		if peer != one && peer.calls >= leastCalls {
			peers = append(peers, peer.failureRate)
		}
	}
	if len(peers) == 0 || one.failureRate <= tooMany {
		return false
	}
	slices.Sort(peers)
	return peers[(len(peers)-1)/2] < one.failureRate*apart
}

// inUse returns the instances that are neither ejected nor silent.
func (f *fleet) inUse(now time.Time) []*instance {
	var all []*instance
	for _, one := range f.instances {
		if !one.ejected && one.answers(now) {
			all = append(all, one)
		}
	}
	return all
}

// hasBetter reports whether an instance that was not tried yet is in use and works well.
func (f *fleet) hasBetter(asked []*instance, now time.Time) bool {
	return slices.ContainsFunc(f.inUse(now), func(one *instance) bool {
		return one.failureRate <= tooMany && !slices.Contains(asked, one)
	})
}

// ejectOutlier ejects an instance, unless fewer than half of all instances would remain in use.
func (f *fleet) ejectOutlier(one *instance, now time.Time) []change {
	inUse := f.inUse(now)
	if !slices.Contains(inUse, one) || (len(inUse)-1)*2 < len(f.instances) {
		return nil
	}
	if now.Sub(one.back) > longestEjection {
		one.span = 0
	}
	return f.eject(one, now)
}

// eject starts an ejection, or the next one after a failed trial.
func (f *fleet) eject(one *instance, now time.Time) []change {
	one.ejected, one.successes = true, 0
	one.span = min(max(2*one.span, shortestEjection), longestEjection)
	one.until = now.Add(one.span)
	return []change{{ejected, f.service, one.address, one.failureRate, one.until}}
}

// takeBack uses an ejected instance again because its trials succeeded.
func (f *fleet) takeBack(one *instance, now time.Time) []change {
	one.ejected, one.back, one.failureRate = false, now, 0
	return []change{{kind: takenBack, service: f.service, address: one.address}}
}

// takeAllBack ends all ejections if every instance in use fails, because then the ejected ones are not outliers anymore. They
// keep their failure rates, so the others are not compared with them until they improve.
func (f *fleet) takeAllBack(now time.Time) []change {
	if slices.ContainsFunc(f.inUse(now), func(one *instance) bool { return one.failureRate <= tooMany }) {
		return nil
	}
	var changes []change
	for _, one := range f.instances {
		if one.ejected {
			one.ejected, one.back = false, now
			changes = append(changes, change{kind: takenBack, service: f.service, address: one.address, failureRate: one.failureRate})
		}
	}
	return changes
}
