package fault

import (
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Treatment is what a proxy does to every call instead of passing it on. Health checks are always passed on: a service that
// is treated believes that it is well.
type Treatment func(caller grpc.ServerStream) error

// Hold keeps a call until its caller gives up.
func Hold(caller grpc.ServerStream) error {
	<-caller.Context().Done()
	return status.FromContextError(caller.Context().Err()).Err()
}

// Garble answers with what is no message.
func Garble(caller grpc.ServerStream) error {
	return caller.SendMsg(&frame{bytes: []byte{0xff}})
}

// Fail returns the treatment that answers with a status.
func Fail(code codes.Code) Treatment {
	return func(grpc.ServerStream) error { return status.Error(code, "treated by the proxy") }
}

// Treat gives every call from now on a treatment; nil passes calls on again.
func (p *Proxy) Treat(t Treatment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.treatment = t
}

// treatmentOf returns what is done to a call of a method; nil if it is passed on.
func (p *Proxy) treatmentOf(method string) Treatment {
	if isHealth(method) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.treatment
}

func isHealth(method string) bool { return strings.HasPrefix(method, "/grpc.health.") }
