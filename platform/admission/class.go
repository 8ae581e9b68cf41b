// Package admission keeps a process from accepting more work than it can finish in time. It limits the number of concurrent
// requests, queues a few for a short time, and refuses the rest at once. Work that completes sales takes precedence over work
// that only reads.
package admission

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// Class is the importance of a piece of work to the shop.
type Class int

// The classes of work.
const (
	// Browsing is all work that is not Checkout.
	Browsing Class = iota
	// Checkout is work without which a sale is lost.
	Checkout
	classes int = iota
)

// The metadata that carries the class, from the gateway through all calls that a request causes.
const (
	classHeader   = "souk-class"
	checkoutValue = "checkout"
)

func (c Class) String() string {
	if c == Checkout {
		return checkoutValue
	}
	return "browsing"
}

type classKey struct{}

// WithClass returns ctx with the class of its work. Every call made with ctx carries the class.
func WithClass(ctx context.Context, class Class) context.Context {
	return context.WithValue(ctx, classKey{}, class)
}

// ClassOf returns the class of ctx's work.
func ClassOf(ctx context.Context) Class {
	class, _ := ctx.Value(classKey{}).(Class)
	return class
}

// Incoming returns ctx with the class in the metadata of an incoming RPC.
func Incoming(ctx context.Context) context.Context {
	if values := metadata.ValueFromIncomingContext(ctx, classHeader); len(values) == 1 && values[0] == checkoutValue {
		return WithClass(ctx, Checkout)
	}
	return ctx
}

// Outgoing returns ctx with metadata that carries its class to the callee.
func Outgoing(ctx context.Context) context.Context {
	if ClassOf(ctx) == Checkout {
		return metadata.AppendToOutgoingContext(ctx, classHeader, checkoutValue)
	}
	return ctx
}
