package rpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"souk/platform/access"
	"souk/platform/breaker"
)

// A call without a deadline of its own gets this one.
const defaultTimeout = 5 * time.Second

// The largest answer a client takes, in bytes: a page of 100 large products.
const maxAnswer = 16 << 20

const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// Dial returns a connection to target, such as consul:///catalog, for the service named self. Each call
// carries the caller's token and request id, has a deadline, and goes through a breaker of its method.
// The connection is made when it is first used.
func Dial(target, self string, logger *slog.Logger, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	breakers := breaker.NewSet(logger)
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithChainUnaryInterceptor(deadline, identify(self), breakers.Unary),
		grpc.WithChainStreamInterceptor(identifyStream(self), breakers.Stream),
	}, opts...)
	return grpc.NewClient(target, opts...)
}

func deadline(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
	}
	return invoke(ctx, method, req, reply, cc, opts...)
}

func identify(self string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return invoke(outgoing(ctx, self), method, req, reply, cc, opts...)
	}
}

func identifyStream(self string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return stream(outgoing(ctx, self), desc, cc, method, opts...)
	}
}

func outgoing(ctx context.Context, self string) context.Context {
	return outgoingRequestID(access.Outgoing(ctx, self))
}
