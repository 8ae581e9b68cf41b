// Package access is responsible for who is calling, and for whether the RPC's rule admits them. The rules
// stand in the proto files, beside the RPCs.
package access

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"souk/platform/security"
)

// RoleStaff is the role of those who run the shop.
const RoleStaff = "staff"

// Caller is who makes a call. The zero Caller is anonymous.
type Caller struct {
	// CustomerID is the subject of a verified access token.
	CustomerID string
	SessionID  string
	Roles      []string
	// ExpiresAt is when that token ends.
	ExpiresAt time.Time
	// Service is the service of the shop that makes the call, by its certificate.
	Service string
}

// Authenticated reports whether a customer (or a member of staff) is signed in.
func (c Caller) Authenticated() bool {
	return c.CustomerID != ""
}

// Staff reports whether the caller runs the shop.
func (c Caller) Staff() bool {
	return c.Authenticated() && slices.Contains(c.Roles, RoleStaff)
}

type callerKey struct{}

// FromContext returns the caller of the RPC that ctx belongs to.
func FromContext(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// WithCaller returns ctx with its caller set, who is the actor of its security events too. The guard does this for every
// RPC; tests do it to call a handler directly.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	return context.WithValue(security.WithActor(ctx, caller.actor()), callerKey{}, caller)
}

func (c Caller) actor() security.Actor {
	return security.Actor{Customer: c.CustomerID, Staff: c.Staff(), Service: c.Service}
}

const tokenHeader = "authorization"

type tokenKey struct{}

// WithToken returns ctx carrying an access token, which every call made with ctx forwards.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// WithoutToken returns ctx without an access token: for a call that is made for several callers at once.
func WithoutToken(ctx context.Context) context.Context {
	return context.WithValue(ctx, tokenKey{}, nil)
}

// Token returns the access token that ctx carries, or "". The guard has verified the token of an incoming call.
func Token(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}

// Outgoing returns ctx with the token of the customer that a call is made for, if there is one.
func Outgoing(ctx context.Context) context.Context {
	if token := Token(ctx); token != "" {
		return metadata.AppendToOutgoingContext(ctx, tokenHeader, "Bearer "+token)
	}
	return ctx
}

type streamWithContext struct {
	grpc.ServerStream
	ctx context.Context
}

func (s streamWithContext) Context() context.Context { return s.ctx }

// StreamWithContext returns stream with another context.
func StreamWithContext(ctx context.Context, stream grpc.ServerStream) grpc.ServerStream {
	return streamWithContext{ServerStream: stream, ctx: ctx}
}
