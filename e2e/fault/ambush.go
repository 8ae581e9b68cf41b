package fault

import "slices"

// Moment is a point in the life of a call.
type Moment int

// The moments of a call.
const (
	// Requested is before the request leaves: the caller has sent it, the callee has not seen it.
	Requested Moment = iota
	// Committed is after the callee has done what it was asked to, and before the caller is told.
	Committed
	// Answered is when the caller is told. What strikes then does it first, so that the caller cannot get
	// ahead of it, and the answer is passed on afterwards.
	Answered
)

func (m Moment) String() string {
	return [...]string{"requested", "committed", "answered"}[m]
}

// Ambush waits for a moment of the next call of a method, once.
type Ambush struct {
	// Method is a full method name.
	Method string
	Moment Moment
	// Strike is called at that moment and holds the call up until it returns. The call is lost unless it
	// returns true.
	Strike func() bool
	// Then is called when the proxy has done with the call: its answer was passed on, if there was one.
	Then func()
}

// Lay waits in ambush in place of whoever did before.
func (p *Proxy) Lay(a Ambush) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ambush, p.sprung = &a, nil
}

// Waiting reports whether an ambush was laid that nobody has walked into.
func (p *Proxy) Waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ambush != nil
}

// spring strikes if one of these moments is what an ambush waits for, and reports whether the call goes on.
func (p *Proxy) spring(method string, moments ...Moment) bool {
	p.mu.Lock()
	a := p.ambush
	if a == nil || a.Method != method || !slices.Contains(moments, a.Moment) {
		p.mu.Unlock()
		return true
	}
	p.ambush, p.sprung = nil, a
	p.mu.Unlock()
	return a.Strike()
}

// follow ends an ambush when a call has ended.
func (p *Proxy) follow(method string) {
	p.mu.Lock()
	a := p.sprung
	if a == nil || a.Method != method {
		p.mu.Unlock()
		return
	}
	p.sprung = nil
	p.mu.Unlock()
	a.Then()
}
