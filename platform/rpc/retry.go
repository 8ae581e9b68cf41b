package rpc

import (
	"context"

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

// discourage has the client not try again what the service itself tried for as long as it could: an UNAVAILABLE with a reason.
// Tries would multiply from tier to tier, and a caller would wait for several times what one takes.
func discourage(ctx context.Context, answer error) {
	if status.Code(answer) == codes.Unavailable && Reason(answer) != "" {
		// It fails only for a call that has been answered.
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackHeader, "-1"))
	}
}
