package rpc

import (
	"context"

	"google.golang.org/grpc/metadata"
)

const requestIDHeader = "x-request-id"

type requestIDKey struct{}

// WithRequestID returns ctx with the ID of the HTTP request that it serves. Every call made with ctx carries the ID.
func WithRequestID(ctx context.Context, id string) context.Context {
	return context.WithValue(ctx, requestIDKey{}, id)
}

// RequestID returns the ID of the HTTP request that ctx serves, or "".
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func incomingRequestID(ctx context.Context) context.Context {
	if id := single(ctx, requestIDHeader); id != "" {
		return WithRequestID(ctx, id)
	}
	return ctx
}

func outgoingRequestID(ctx context.Context) context.Context {
	if id := RequestID(ctx); id != "" {
		return metadata.AppendToOutgoingContext(ctx, requestIDHeader, id)
	}
	return ctx
}
