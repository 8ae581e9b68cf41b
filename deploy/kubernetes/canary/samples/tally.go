package samples

import (
	"maps"
	"math"
	"slices"
	"strconv"

	"souk/deploy/kubernetes/canary/judge"
)

// Tally adds up what the pods of a service have answered since its first snapshot.
type Tally struct {
	metrics  metrics
	pods     map[string]bool
	last     map[series]float64
	versions map[string]map[string]*sums
}

// sums are those of a method of a version. Buckets count the calls that took no longer than a number of seconds.
type sums struct {
	answered, failed, seconds float64
	buckets                   map[float64]float64
}

// NewTally returns an empty tally for a service, or for the gateway.
func NewTally(service string) *Tally {
	return &Tally{metrics: of(service), pods: map[string]bool{}, last: map[series]float64{}, versions: map[string]map[string]*sums{}}
}

// Add adds what was answered since the last snapshot. The calls before a pod's own first snapshot do not count,
// because they may be older than the rollout.
func (t *Tally) Add(s Snapshot) {
	for key, value := range s.series {
		if t.pods[key.pod] {
			t.count(key, since(t.last[key], value))
		} else {
			t.count(key, 0)
		}
		t.last[key] = value
	}
	for pod := range s.Pods {
		t.pods[pod] = true
	}
}

// since returns how much a counter has counted. One that is lower than before has begun again with its process.
func since(before, now float64) float64 {
	if now < before {
		return now
	}
	return now - before
}

func (t *Tally) count(key series, n float64) {
	if t.versions[key.version] == nil {
		t.versions[key.version] = map[string]*sums{}
	}
	methods := t.versions[key.version]
	if methods[key.method] == nil {
		methods[key.method] = &sums{buckets: map[float64]float64{}}
	}
	sum := methods[key.method]
	switch key.name {
	case "_sum":
		sum.seconds += n
	case "_bucket":
		if bound, err := strconv.ParseFloat(key.bound, 64); err == nil {
			sum.buckets[bound] += n
		}
	default:
		if !t.metrics.ignored.MatchString(key.code) {
			sum.answered += n
		}
		if t.metrics.failed.MatchString(key.code) {
			sum.failed += n
		}
	}
}

// Version returns what a version has answered. Streams and long polls, which have no time, are left out: they mostly wait.
func (t *Tally) Version(version string) judge.Version {
	v := judge.Version{}
	for method, sum := range t.versions[version] {
		if len(sum.buckets) > 0 && sum.answered > 0 {
			v[method] = judge.Calls{
				Answered: sum.answered, Failed: sum.failed, Timed: sum.buckets[math.Inf(1)], Seconds: sum.seconds, Squares: squares(sum.buckets, sum.seconds),
			}
		}
	}
	return v
}

// squares estimates the sum of the squares of times whose sum is seconds. The times in a bucket are taken to be spread evenly on a
// logarithmic scale, as latencies often are, and then all of them to be longer or shorter by what the sum shows. Those in the first
// bucket are taken to be at least a fifth of its bound, and those beyond the last bound up to twice as long.
func squares(buckets map[float64]float64, seconds float64) float64 {
	var low, counted, sum, guess float64
	for _, high := range slices.Sorted(maps.Keys(buckets)) {
		n := buckets[high] - counted
		counted = buckets[high]
		if math.IsInf(high, 1) {
			high = 2 * low
		}
		if low == 0 {
			low = high / 5
		}
		if high > low {
			spread := math.Log(high / low)
			guess += n * (high - low) / spread
			sum += n * (high*high - low*low) / (2 * spread)
		}
		low = high
	}
	if guess == 0 {
		return 0
	}
	return sum * (seconds / guess) * (seconds / guess)
}
