package breaker

import (
	"cmp"
	"slices"
)

// State is how a breaker is.
type State struct {
	Method string `json:"method"`
	// Class is that of the calls which the breaker is for, "browsing" or "checkout".
	Class string `json:"class"`
	// State is "closed", "open" or "half-open".
	State string `json:"state"`
	// Requests and Failures are what the breaker counts now: the calls of the last seconds while it is closed, and its
	// trials while it is not.
	Requests uint32 `json:"requests"`
	Failures uint32 `json:"failures"`
}

// States returns the breakers of all methods that were called so far, by method and class.
func (s *Set) States() []State {
	s.mu.Lock()
	states := make([]State, 0, len(s.breakers))
	for k, b := range s.breakers {
		// State is asked first, because it makes the breaker forget what is too old to count.
		state := b.State().String()
		counts := b.Counts()
		states = append(states, State{Method: k.method, Class: k.class.String(), State: state, Requests: counts.Requests, Failures: counts.TotalFailures})
	}
	s.mu.Unlock()
	slices.SortFunc(states, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Method, b.Method), cmp.Compare(a.Class, b.Class))
	})
	return states
}
