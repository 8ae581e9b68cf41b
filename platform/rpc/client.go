package rpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"souk/platform/access"
	"souk/platform/breaker"
	"souk/platform/certificate"
)

// A call without a deadline of its own gets this one.
const defaultTimeout = 5 * time.Second

// The largest answer a client takes, in bytes: a page of 100 large products.
const maxAnswer = 16 << 20

const serviceConfig = `{"loadBalancingConfig": [{"round_robin": {}}]}`

// Dial returns a connection to target, such as consul:///catalog, where the service named peer must prove that it is that,
// as we do with identity. Each call carries the caller's token and request id, has a deadline, and goes through a breaker
// of its method. The connection is made when it is first used.
func Dial(target, peer string, identity *certificate.Identity, logger *slog.Logger, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	breakers := breaker.NewSet(logger)
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(credentials.NewTLS(identity.Client(peer))),
		grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 5 * time.Second}),
		grpc.WithChainUnaryInterceptor(deadline, identify, breakers.Unary),
		grpc.WithChainStreamInterceptor(identifyStream, breakers.Stream),
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

// identify forwards whom a call is made for, and which request.
func identify(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(outgoing(ctx), method, req, reply, cc, opts...)
}

func identifyStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return stream(outgoing(ctx), desc, cc, method, opts...)
}

func outgoing(ctx context.Context) context.Context {
	return outgoingRequestID(access.Outgoing(ctx))
}
