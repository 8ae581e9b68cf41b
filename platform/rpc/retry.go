package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// https://github.com/grpc/proposal/blob/master/A6-client-retries.md
const (
	// How often the client has made this call before.
	attemptsHeader = "grpc-previous-rpc-attempts"
	// How soon it may make it again; -1 for not at all.
	pushbackHeader = "grpc-retry-pushback-ms"
)

// Retried reports whether the call that ctx serves was made before, by a client that got no answer.
func Retried(ctx context.Context) bool {
	return len(metadata.ValueFromIncomingContext(ctx, attemptsHeader)) > 0
}

// repeat makes a call once more whose answer broke off, if the contract allows: of an instance that is killed the beginning
// of an answer may have arrived. gRPC tries only calls again that nothing was heard of ("committed" in A6), as if its caller
// had already seen the beginning; ours sees a whole answer or none.
func repeat(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	var began metadata.MD
	err := invoke(ctx, method, req, reply, cc, append(slices.Clip(opts), grpc.Header(&began))...)
	if status.Code(err) == codes.Unavailable && len(began) > 0 && repeatable()[method] {
		return invoke(metadata.AppendToOutgoingContext(ctx, attemptsHeader, "1"), method, req, reply, cc, opts...)
	}
	return err
}

// discourage has the client not try again what the service itself tried for as long as it could: an UNAVAILABLE with a reason.
// Tries would multiply from tier to tier, and a caller would wait for several times what one takes.
func discourage(ctx context.Context, answer error) {
	if status.Code(answer) == codes.Unavailable && Reason(answer) != "" {
		// It fails only for a call that has been answered.
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackHeader, "-1"))
	}
}
