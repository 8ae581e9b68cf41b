// Package access identifies the caller of an RPC and checks that the RPC's access rule admits it. The rules are written in the
// proto files, next to the RPCs.
package access

import (
	"cmp"
	"context"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/security"
	"souk/platform/telemetry"
)

// The roles that mean something outside customers.
const (
	// RoleStaff stands for every scope in a token without scopes.
	RoleStaff = "staff"
	// RoleGuest is the role of somebody who has ordered without an account. The subject of their token is the order.
	RoleGuest = "guest"
)

// Caller is the originator of a call. The zero Caller is anonymous.
type Caller struct {
	// CustomerID is the subject of the verified access token, or "" without one.
	CustomerID string
	SessionID  string
	// Guest says that the token is a guest's, which is good for one order. CustomerID is that order.
	Guest bool
	// ClientID is the client of a partner that the token was issued to, or "". Such a caller is no customer.
	ClientID string
	// Scopes are what the token allows besides what every customer may.
	Scopes []accessv1.Scope
	// Withheld are scopes that the account gets once it has a second factor.
	Withheld []accessv1.Scope
	// ExpiresAt is the expiry of that token.
	ExpiresAt time.Time
	// Service is the calling service, as named in its certificate.
	Service string
}

// Authenticated reports whether a customer, a guest with a token, or an employee is signed in.
func (c Caller) Authenticated() bool {
	return c.CustomerID != ""
}

// Known reports whether the caller has a token: a customer, an employee or a client.
func (c Caller) Known() bool {
	return c.CustomerID != "" || c.ClientID != ""
}

// ID is that of the customer, the employee or the client.
func (c Caller) ID() string {
	return cmp.Or(c.CustomerID, c.ClientID)
}

// Has reports whether the caller's token has a scope.
func (c Caller) Has(scope accessv1.Scope) bool {
	return c.Known() && scope != accessv1.Scope_SCOPE_UNSPECIFIED && slices.Contains(c.Scopes, scope)
}

// Missing says why the caller may not do what needs a scope.
func (c Caller) Missing(scope accessv1.Scope) string {
	if c.Withholds(scope) {
		return "The scope " + ScopeName(scope) + " needs a second factor: turn it on (POST /v1/me/second-factor), and refresh the session."
	}
	return "The access token does not have the scope " + ScopeName(scope) + "."
}

// Withholds reports whether a second factor is all that the caller's account lacks for a scope.
func (c Caller) Withholds(scope accessv1.Scope) bool {
	return slices.Contains(c.Withheld, scope)
}

// Staff reports whether the caller is an employee of the shop. It is for logs: what an employee may do, Has tells.
func (c Caller) Staff() bool {
	return c.Authenticated() && len(c.Scopes) > 0
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
	return security.Actor{Customer: c.CustomerID, Staff: c.Staff(), Client: c.ClientID, Service: c.Service}
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
