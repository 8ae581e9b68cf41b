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
	// The number of earlier attempts at this call.
	attemptsHeader = "grpc-previous-rpc-attempts"
	// The time after which the client may retry, in milliseconds; -1 forbids it.
	pushbackHeader = "grpc-retry-pushback-ms"
)

// Retried reports whether the client has made the call before and got no answer.
func Retried(ctx context.Context) bool {
	return len(metadata.ValueFromIncomingContext(ctx, attemptsHeader)) > 0
}

// repeat makes a call, and makes it once more if it failed because of one instance, the contract allows repeating it, and the
// budget is not used up. The second attempt goes to another instance, if there is one.
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

// brokeOff reports whether the connection broke after the answer had begun, for example because the instance was killed. gRPC
// does not retry such a call ("committed" in A6), because the caller may have read the beginning of the answer. That is
// impossible here: our callers get a whole answer or none.
func brokeOff(err error, began metadata.MD) bool {
	return status.Code(err) == codes.Unavailable && len(began) > 0
}

// isFaultOfOne reports whether the call failed because of its instance, so that another one can probably serve it. UNAVAILABLE
// is excluded, because gRPC has already retried it.
func isFaultOfOne(err error, call *balance.Call) bool {
	return err != nil && status.Code(err) != codes.Unavailable && call.Elsewhere()
}

// forbidRetry tells the client not to retry an UNAVAILABLE with a reason, because this service has already retried as long as
// it could. Otherwise attempts would multiply with each tier, and callers would wait several times as long.
func forbidRetry(ctx context.Context, answer error) {
	if status.Code(answer) == codes.Unavailable && Reason(answer) != "" {
		// SetTrailer fails only after the call was answered.
		_ = grpc.SetTrailer(ctx, metadata.Pairs(pushbackHeader, "-1"))
	}
}
