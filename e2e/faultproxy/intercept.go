package faultproxy

import "slices"

// Moment is a point in the life of a call.
type Moment int

// The moments of a call.
const (
	// Requested is before the request leaves: the caller has sent it, the callee has not seen it.
	Requested Moment = iota
	// Committed is after the callee has done what it was asked to, and before the caller is told.
	Committed
	// Answered is when the caller is told. What is done then is done before the answer is passed on, so that the caller
	// cannot get ahead of it.
	Answered
)

func (m Moment) String() string {
	return [...]string{"requested", "committed", "answered"}[m]
}

// Interception is something that is done at a moment of the next call of a method, once.
type Interception struct {
	// Method is a full method name.
	Method string
	Moment Moment
	// Do is called at that moment and holds the call up until it returns. The call is lost unless it returns true.
	Do func() bool
	// Then is called when the proxy has done with the call: its answer was passed on, if there was one.
	Then func()
}

// Intercept waits for a call to intercept, in place of the interception that was waiting before.
func (p *Proxy) Intercept(i Interception) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting, p.running = &i, nil
}

// Waiting reports whether an interception still waits for its call.
func (p *Proxy) Waiting() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.waiting != nil
}

// intercept does what an interception wants at one of these moments, and reports whether the call goes on.
func (p *Proxy) intercept(method string, moments ...Moment) bool {
	p.mu.Lock()
	i := p.waiting
	if i == nil || i.Method != method || !slices.Contains(moments, i.Moment) {
		p.mu.Unlock()
		return true
	}
	p.waiting, p.running = nil, i
	p.mu.Unlock()
	return i.Do()
}

// endInterception ends the interception of a call that has ended.
func (p *Proxy) endInterception(method string) {
	p.mu.Lock()
	i := p.running
	if i == nil || i.Method != method {
		p.mu.Unlock()
		return
	}
	p.running = nil
	p.mu.Unlock()
	i.Then()
}
