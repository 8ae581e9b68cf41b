package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"souk/platform/balance"
	"souk/platform/breaker"
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

// repeat makes a call once more that failed by the fault of one instance, if the contract allows and the budget lasts. The
// second attempt goes to another instance, if there is one.
func (r *repeater) repeat(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	call := &balance.Call{Repeatable: repeatable()[method], Logger: r.logger}
	ctx = call.Context(ctx)
	var began metadata.MD
	err := invoke(ctx, method, req, reply, cc, append(slices.Clip(opts), grpc.Header(&began))...)
	if err == nil {
		r.earn()
	}
	if call.Repeatable && (brokeOff(err, began) || isFaultOfOne(err, call)) && r.spend() {
		err = invoke(metadata.AppendToOutgoingContext(ctx, attemptsHeader, "1"), method, req, reply, cc, opts...)
	}
	if err != nil && call.MetOutlier() {
		return breaker.Excused(err)
	}
	return err
}

// brokeOff reports whether an answer had begun, which an instance that is killed leaves behind. gRPC tries only calls again
// that nothing was heard of ("committed" in A6), as if its caller had already seen the beginning; ours sees a whole answer
// or none.
func brokeOff(err error, began metadata.MD) bool {
	return status.Code(err) == codes.Unavailable && len(began) > 0
}

// isFaultOfOne reports whether an instance failed at what another one can do. What is UNAVAILABLE gRPC has tried again.
func isFaultOfOne(err error, call *balance.Call) bool {
	return err != nil && status.Code(err) != codes.Unavailable && call.Elsewhere()
}

// discourage has the client not try again what the service itself tried for as long as it could: an UNAVAILABLE with a reason.
// Tries would multiply from tier to tier, and a caller would wait for several times what one takes.
func discourage(ctx context.Context, answer error) {
	if status.Code(answer) == codes.Unavailable && Reason(answer) != "" {
		// It fails only for a call that has been answered.
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackHeader, "-1"))
	}
}
