package rpc

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/access"
	"souk/platform/admission"
)

// errOverloaded is the answer to a call that the server has no capacity for.
var errOverloaded = Error(codes.ResourceExhausted, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, admission.ErrOverloaded.Error())

// bounds limits the number of concurrent calls to a server, and the time of each call.
type bounds struct {
	limiter *admission.Limiter
}

func (b *bounds) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	err = b.serve(ctx, info.FullMethod, func(ctx context.Context) error {
		answer, err = next(ctx, req)
		return err
	})
	return answer, err
}

func (b *bounds) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	return b.serve(stream.Context(), info.FullMethod, func(ctx context.Context) error {
		return next(srv, access.StreamWithContext(ctx, stream))
	})
}

// serve runs work within the limits. Health checks are exempt, because an instance must not seem unhealthy while it is busy.
func (b *bounds) serve(ctx context.Context, method string, work func(context.Context) error) error {
	if strings.HasPrefix(method, "/"+healthv1.Health_ServiceDesc.ServiceName+"/") {
		return work(ctx)
	}
	shortened, cancel := shortenDeadline(ctx)
	defer cancel()
	if err := shortened.Err(); err != nil {
		return err
	}
	place, err := b.limiter.Enter(shortened)
	if errors.Is(err, admission.ErrOverloaded) {
		return errOverloaded
	}
	if err != nil {
		return err
	}
	defer place.Leave()
	defer measure(ctx)()
	return work(admission.WithPlace(shortened, place))
}
