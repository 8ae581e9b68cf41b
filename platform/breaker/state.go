package breaker

import (
	"cmp"
	"slices"
)

// State describes a breaker.
type State struct {
	// Peer is the called service.
	Peer   string `json:"peer"`
	Method string `json:"method"`
	// Class is the class of work, "browsing" or "checkout".
	Class string `json:"class"`
	// State is "closed", "open" or "half-open".
	State string `json:"state"`
	// Requests and Failures count the calls of the last seconds if the breaker is closed, and its trial calls otherwise.
	Requests uint32 `json:"requests"`
	Failures uint32 `json:"failures"`
}

// States returns the breakers of all methods called so far, sorted by peer, method and class.
func (s *Set) States() []State {
	s.mu.Lock()
	states := make([]State, 0, len(s.breakers))
	for k, b := range s.breakers {
		// State comes first, because it makes the breaker drop outdated counts.
		state := b.State().String()
		counts := b.Counts()
		states = append(states, State{Peer: k.peer, Method: k.method, Class: k.class.String(), State: state, Requests: counts.Requests, Failures: counts.TotalFailures})
	}
	s.mu.Unlock()
	slices.SortFunc(states, func(a, b State) int {
		return cmp.Or(cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.Method, b.Method), cmp.Compare(a.Class, b.Class))
	})
	return states
}
