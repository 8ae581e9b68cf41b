// Package access identifies the caller of an RPC and checks that the RPC's access rule admits it. The rules are written in the
// proto files, next to the RPCs.
package access

import (
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"souk/platform/security"
	"souk/platform/telemetry"
)

// RoleStaff is the role of the shop's employees.
const RoleStaff = "staff"

// Caller is the originator of a call. The zero Caller is anonymous.
type Caller struct {
	// CustomerID is the subject of the verified access token, or "" without one.
	CustomerID string
	SessionID  string
	Roles      []string
	// ExpiresAt is the expiry of that token.
	ExpiresAt time.Time
	// Service is the calling service, as named in its certificate.
	Service string
}

// Authenticated reports whether a customer or an employee is signed in.
func (c Caller) Authenticated() bool {
	return c.CustomerID != ""
}

// Staff reports whether the caller is an employee of the shop.
func (c Caller) Staff() bool {
	return c.Authenticated() && slices.Contains(c.Roles, RoleStaff)
}

type callerKey struct{}

// FromContext returns the caller of the RPC that ctx belongs to.
func FromContext(ctx context.Context) Caller {
	caller, _ := ctx.Value(callerKey{}).(Caller)
	return caller
}

// WithCaller returns ctx for the work of caller. FromContext returns the caller then, security events and the audit log name it as the
// actor, and later log lines of the request show its customer. In services the guard calls WithCaller for every RPC, in the gateway
// the edge does. Tests call it to call a handler without a guard.
func WithCaller(ctx context.Context, caller Caller) context.Context {
	telemetry.Note(ctx, telemetry.CustomerID, caller.CustomerID)
	return context.WithValue(security.WithActor(ctx, caller.actor()), callerKey{}, caller)
}

func (c Caller) actor() security.Actor {
	return security.Actor{Customer: c.CustomerID, Staff: c.Staff(), Service: c.Service}
}

const tokenHeader = "authorization"

type tokenKey struct{}

// WithToken returns ctx with an access token. Every call made with ctx forwards the token.
func WithToken(ctx context.Context, token string) context.Context {
	return context.WithValue(ctx, tokenKey{}, token)
}

// WithoutToken returns ctx without an access token, for a call made on behalf of several callers at once.
func WithoutToken(ctx context.Context) context.Context {
	return context.WithValue(ctx, tokenKey{}, nil)
}

// Token returns the access token in ctx, or "". In an incoming call, the guard has verified the token.
func Token(ctx context.Context) string {
	token, _ := ctx.Value(tokenKey{}).(string)
	return token
}

// Outgoing returns ctx with metadata that forwards the access token, if ctx has one.
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
