package faultproxy

import (
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Response is what a proxy answers to a call instead of passing it on. Health checks are always passed on, so the service
// believes that it is well.
type Response func(caller grpc.ServerStream) error

// Hold keeps a call until its caller gives up.
func Hold(caller grpc.ServerStream) error {
	<-caller.Context().Done()
	return status.FromContextError(caller.Context().Err()).Err()
}

// Garble answers with what is no message.
func Garble(caller grpc.ServerStream) error {
	return caller.SendMsg(&frame{bytes: []byte{0xff}})
}

// Fail returns the response that is a status.
func Fail(code codes.Code) Response {
	return func(grpc.ServerStream) error { return status.Error(code, "failed by the proxy") }
}

// Respond has every call from now on answered with r; nil passes calls on again.
func (p *Proxy) Respond(r Response) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.response = r
}

// responseTo returns what is answered to a call of a method; nil if it is passed on.
func (p *Proxy) responseTo(method string) Response {
	if isHealth(method) {
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.response
}

func isHealth(method string) bool { return strings.HasPrefix(method, "/grpc.health.") }
