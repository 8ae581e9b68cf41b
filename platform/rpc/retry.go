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

// repeat makes a call a second time if one instance is to blame for its failure, the contract allows it, and the budget is
// not spent. The second attempt goes to another instance, if there is one.
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

// brokeOff reports whether the connection broke after the answer had begun, as when an instance is killed. gRPC does not
// retry such a call ("committed" in A6), because a caller may have seen the beginning. Ours have not: they see a whole
// answer or none.
func brokeOff(err error, began metadata.MD) bool {
	return status.Code(err) == codes.Unavailable && len(began) > 0
}

// isFaultOfOne reports whether an instance failed at a call that another one can probably serve. UNAVAILABLE is not among
// these failures, because gRPC has retried it already.
func isFaultOfOne(err error, call *balance.Call) bool {
	return err != nil && status.Code(err) != codes.Unavailable && call.Elsewhere()
}

// discourage tells the client not to retry an UNAVAILABLE with a reason, because the service has itself retried for as long
// as it could. Otherwise retries would multiply from tier to tier, and callers would wait several times as long.
func discourage(ctx context.Context, answer error) {
	if status.Code(answer) == codes.Unavailable && Reason(answer) != "" {
		// It fails only for a call that has been answered.
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackHeader, "-1"))
	}
}
