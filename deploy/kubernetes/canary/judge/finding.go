package judge

import (
	"fmt"
	"time"
)

// Measure is what a finding is about.
type Measure int

// What is compared.
const (
	Failures Measure = iota
	Times
)

// Finding is a way in which the new version is worse.
type Finding struct {
	// Method is empty for all methods together.
	Method string
	Of     Measure
	// Calls are those of the new version that were compared.
	Calls float64
	// Before, After and Accepted are shares of failed calls, or seconds for each call. Before is the figure of the old version for the
	// same methods, After is that of the new version, and Accepted is the highest that passes.
	Before, After, Accepted float64
}

// String says how much worse the new version is.
func (f Finding) String() string {
	method := f.Method
	if method == "" {
		method = "all methods together"
	}
	show := Seconds
	text := "%s: a call takes %s instead of %s; %s is accepted (%.0f calls of the new version)"
	if f.Of == Failures {
		show, text = Share, "%s: %s of the calls fail instead of %s; %s is accepted (%.0f calls of the new version)"
	}
	return fmt.Sprintf(text, method, show(f.After), show(f.Before), show(f.Accepted), f.Calls)
}

// Share shows a share as a percentage.
func Share(share float64) string { return fmt.Sprintf("%.2f %%", 100*share) }

// Seconds shows a time, to a tenth of a millisecond.
func Seconds(seconds float64) string {
	return time.Duration(seconds * float64(time.Second)).Round(100 * time.Microsecond).String()
}

// Line shows the calls of a version: how many, how many of them failed, and how long one took.
func (c Calls) Line() string {
	return fmt.Sprintf("%.0f calls, %s failed, %s a call", c.Answered, Share(ratio(c.Failed, c.Answered)), Seconds(c.mean()))
}
