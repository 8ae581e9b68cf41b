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

// errOverloaded is the answer to a call that a server has no place for.
var errOverloaded = Error(codes.ResourceExhausted, errorsv1.ErrorReason_ERROR_REASON_OVERLOADED, admission.ErrOverloaded.Error())

// bounds limits the calls to a server: how many there are at once, and each by its caller's deadline.
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

// serve runs work within the bounds. Health checks are not limited, because a busy process is not a sick one.
func (b *bounds) serve(ctx context.Context, method string, work func(context.Context) error) error {
	if strings.HasPrefix(method, "/"+healthv1.Health_ServiceDesc.ServiceName+"/") {
		return work(ctx)
	}
	shaved, cancel := shave(ctx)
	defer cancel()
	if err := shaved.Err(); err != nil {
		return err
	}
	place, err := b.limiter.Enter(shaved)
	if errors.Is(err, admission.ErrOverloaded) {
		served.Add("refused", 1)
		return errOverloaded
	}
	if err != nil {
		return err
	}
	defer place.Leave()
	defer measure(ctx)()
	return work(admission.WithPlace(shaved, place))
}
