package rpc

import (
	"context"

	"google.golang.org/grpc/metadata"
)

// https://github.com/grpc/proposal/blob/master/A6-client-retries.md: how often the client has made this call before.
const attemptsHeader = "grpc-previous-rpc-attempts"

// Retried reports whether the call that ctx serves was made before, by a client that got no answer.
func Retried(ctx context.Context) bool {
	return len(metadata.ValueFromIncomingContext(ctx, attemptsHeader)) > 0
}
