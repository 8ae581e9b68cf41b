// Package admission is responsible for taking on no more work than gets done in time: so much at once, a short queue for a
// short while, and a quick refusal for the rest. What sells comes before what only looks.
package admission

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// Class is what a piece of work is worth to the shop.
type Class int

// The classes of work.
const (
	// Browsing is whatever is no Checkout.
	Browsing Class = iota
	// Checkout is what a sale is lost without.
	Checkout
	classes int = iota
)

// The metadata that a class travels in, from the gateway through all calls that a request leads to.
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

// WithClass marks ctx, and every call made with it, as work of that class.
func WithClass(ctx context.Context, class Class) context.Context {
	return context.WithValue(ctx, classKey{}, class)
}

// ClassOf returns the class of the work that ctx belongs to.
func ClassOf(ctx context.Context) Class {
	class, _ := ctx.Value(classKey{}).(Class)
	return class
}

// Incoming returns ctx with the class that the caller of an RPC gave it.
func Incoming(ctx context.Context) context.Context {
	if values := metadata.ValueFromIncomingContext(ctx, classHeader); len(values) == 1 && values[0] == checkoutValue {
		return WithClass(ctx, Checkout)
	}
	return ctx
}

// Outgoing returns ctx with its class for the callee.
func Outgoing(ctx context.Context) context.Context {
	if ClassOf(ctx) == Checkout {
		return metadata.AppendToOutgoingContext(ctx, classHeader, checkoutValue)
	}
	return ctx
}
