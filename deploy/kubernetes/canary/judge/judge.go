// Package judge compares how two versions of a service answered the calls of the same time.
//
// Each method is compared with itself, and all methods together. For the latter, the calls of the new version are held against what the
// old version would have made of these same calls, because two pods do not get the same share of each method.
package judge

import (
	"maps"
	"math"
	"slices"
)

// What is accepted of a new version.
const (
	// Margin is the share of calls that may fail beyond the share of the old version.
	Margin = 0.005
	// Factor says how many times as long as before a call may take.
	Factor = 1.5
	// Slack is how many seconds more it may take beyond that.
	Slack = 0.005
	// deviations are the standard deviations beyond which a difference is no longer taken for chance. Chance reaches them in one of a
	// thousand comparisons.
	deviations = 3.09
	// fewestFailures and fewestTimes are how much there must be to compare. With less, the standard deviation says nothing.
	fewestFailures, fewestTimes = 3, 20
)

// Calls are the calls of a method that a version answered.
type Calls struct {
	Answered, Failed float64
	// Timed is the number of calls whose time is known, Seconds the sum of their times, and Squares the sum of the squares of their
	// times, as far as a histogram tells.
	Timed, Seconds, Squares float64
}

func (c Calls) plus(other Calls) Calls {
	return Calls{
		Answered: c.Answered + other.Answered, Failed: c.Failed + other.Failed,
		Timed: c.Timed + other.Timed, Seconds: c.Seconds + other.Seconds, Squares: c.Squares + other.Squares,
	}
}

// mean is the time of a call in seconds.
func (c Calls) mean() float64 { return ratio(c.Seconds, c.Timed) }

// variance is that of the mean.
func (c Calls) variance() float64 {
	return ratio(max(0, ratio(c.Squares, c.Timed)-c.mean()*c.mean()), c.Timed)
}

func ratio(part, whole float64) float64 {
	if whole == 0 {
		return 0
	}
	return part / whole
}

// Version is what a version answered, by method.
type Version map[string]Calls

// Total returns the calls of all methods together.
func (v Version) Total() (sum Calls) {
	for _, calls := range v {
		sum = sum.plus(calls)
	}
	return sum
}

// pair are the calls of one method.
type pair struct{ before, after Calls }

// Compare returns in what the new version is worse than the old one: all methods together first, then each method. A method that only one
// of them has answered is not compared.
func Compare(before, after Version) (found []Finding) {
	var methods []string
	var pairs []pair
	for _, method := range slices.Sorted(maps.Keys(after)) {
		if before[method].Answered > 0 && after[method].Answered > 0 {
			methods, pairs = append(methods, method), append(pairs, pair{before[method], after[method]})
		}
	}
	check := func(method string, pairs []pair) {
		for _, find := range []func([]pair) (Finding, bool){failures, times} {
			if f, worse := find(pairs); worse {
				f.Method = method
				found = append(found, f)
			}
		}
	}
	check("", pairs)
	for i, method := range methods {
		check(method, pairs[i:i+1])
	}
	return found
}

// failures is the test of Cochran, Mantel and Haenszel, one-sided and with its correction for continuity: whether the new version failed
// more often than it would have if both versions were alike in each method.
func failures(pairs []pair) (f Finding, worse bool) {
	f.Of = Failures
	var expected, variance, calls float64
	for _, p := range pairs {
		before, after := p.before.Answered, p.after.Answered
		all, failed := before+after, p.before.Failed+p.after.Failed
		expected += after * failed / all
		variance += before * after * failed * (all - failed) / (all * all * max(1, all-1))
		calls += after
		f.After += p.after.Failed
		f.Before += after * ratio(p.before.Failed, before)
	}
	significant := f.After >= fewestFailures && f.After-expected-0.5 > deviations*math.Sqrt(variance)
	f.Before, f.After = ratio(f.Before, calls), ratio(f.After, calls)
	f.Calls, f.Accepted = calls, f.Before+Margin
	return f, significant && f.After > f.Accepted
}

// times is a one-sided z-test: whether the new version took longer than it may.
func times(pairs []pair) (f Finding, worse bool) {
	f.Of = Times
	var accepted, variance float64
	for _, p := range pairs {
		if p.before.Timed < fewestTimes || p.after.Timed < fewestTimes {
			continue
		}
		calls := p.after.Timed
		f.Calls += calls
		f.After += p.after.Seconds
		f.Before += calls * p.before.mean()
		accepted += calls * (Factor*p.before.mean() + Slack)
		variance += calls * calls * (p.after.variance() + Factor*Factor*p.before.variance())
	}
	worse = f.Calls > 0 && f.After-accepted > deviations*math.Sqrt(variance)
	f.Before, f.After, f.Accepted = ratio(f.Before, f.Calls), ratio(f.After, f.Calls), ratio(accepted, f.Calls)
	return f, worse
}
