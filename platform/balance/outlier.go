package balance

import (
	"slices"
	"sync"
	"time"
)

const (
	// How much the latest call counts in an instance's failure rate, which is an exponential moving average: after four
	// failures in a row, whatever went well before, it is 1 - 0.8^4 = 59 %. It goes by calls, not by time, so that it
	// takes four calls to find an outlier in a busy service and in a quiet one.
	weight = 0.2
	// An outlier fails more than this part of its calls ...
	tooMany = 0.5
	// ... and its peers fail less than this part of what it fails.
	apart = 0.25
	// A peer is worth comparing with once it has answered so many calls.
	leastCalls = 4
	// An outlier is ejected for this long, twice as long each further time, ...
	shortestEjection = 10 * time.Second
	// ... and no longer than this.
	longestEjection = time.Minute
	// Then it is tried with one call at a time, and taken back after so many successes in a row.
	trials = 3
)

// record is what is known of how an instance does its work.
type record struct {
	calls       int     // that said something
	failureRate float64 // of the latest calls

	ejected   bool
	span      time.Duration // how long the present or the last ejection takes
	until     time.Time     // when an ejected instance may be tried; a trial under way moves it on
	successes int           // of the trials, in a row
	back      time.Time     // when it was last taken back
}

func (r *record) count(failed bool) {
	r.calls++
	r.failureRate *= 1 - weight
	if failed {
		r.failureRate += weight
	}
}

// fleet is the instances of one service, as one connection knows them.
type fleet struct {
	service string

	mu        sync.Mutex
	instances []*instance // that are ready
}

func (f *fleet) set(ready []*instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.instances = ready
}

// judge counts the outcome of an attempt and returns the changes that it makes.
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
		one.until = now // for the next trial
		if one.successes++; one.successes == trials {
			return f.takeBack(one, now)
		}
	}
	return nil
}

// isOutlier compares an instance with the median of its peers, so that some of them may be ill as well.
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

// inUse returns the instances that are not left alone.
func (f *fleet) inUse(now time.Time) []*instance {
	var all []*instance
	for _, one := range f.instances {
		if !one.ejected && one.answers(now) {
			all = append(all, one)
		}
	}
	return all
}

// hasBetter reports whether there is an instance in use that was not asked and whose calls go well.
func (f *fleet) hasBetter(asked []*instance, now time.Time) bool {
	return slices.ContainsFunc(f.inUse(now), func(one *instance) bool {
		return one.failureRate <= tooMany && !slices.Contains(asked, one)
	})
}

// ejectOutlier ejects an instance, unless fewer than half would be left in use.
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

// eject leaves an instance alone, or goes on with that.
func (f *fleet) eject(one *instance, now time.Time) []change {
	one.ejected, one.successes = true, 0
	one.span = min(max(2*one.span, shortestEjection), longestEjection)
	one.until = now.Add(one.span)
	return []change{{ejected, f.service, one.address, one.failureRate, one.until}}
}

// takeBack uses an instance again whose trials went well.
func (f *fleet) takeBack(one *instance, now time.Time) []change {
	one.ejected, one.back, one.failureRate = false, now, 0
	return []change{{kind: takenBack, service: f.service, address: one.address}}
}

// takeAllBack uses all instances again when none in use goes well: the ejected ones stand out no more. They keep their
// failure rates, and so the others are not compared with them until they do better.
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
