package rpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/health" // watches the health of instances
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/balance"
	"souk/platform/breaker"
	"souk/platform/certificate"
)

// The largest answer a client takes, in bytes: a page of 100 large products.
const maxAnswer = 16 << 20

// An instance that comes back is found within a second or two, not within gRPC's usual two minutes.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
	MinConnectTimeout: 2 * time.Second,
}

// A connection whose other end is silent is closed after these times. gRPC allows no Time below 10 s.
var alive = keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}

// Dial returns a connection to target, such as consul:///catalog, where the service named peer must prove that it is that,
// as we do with identity. Each call carries the caller's token, request id and idempotency key, has the deadline of its method, and goes
// through its breaker; calls that may be repeated are, before the breaker is told. They go to the instances that say that
// they serve, in turn. The connection is made when it is first used.
func Dial(target, peer string, identity *certificate.Identity, breakers *breaker.Set, logger *slog.Logger, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	config, err := configFor(peer)
	if err != nil {
		return nil, err
	}
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(newProven(identity.Client(peer), identity)),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithConnectParams(reconnect),
		grpc.WithKeepaliveParams(alive),
		grpc.WithChainUnaryInterceptor(identify, identifyRequest, breakers.Unary, report(logger), excuse, newRepeater(logger).repeat),
		grpc.WithChainStreamInterceptor(identifyStream, breakers.Stream, follow(logger)),
	}, opts...)
	return grpc.NewClient(target, opts...)
}

// identify forwards the caller's token, the request id and the class of work.
func identify(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(outgoing(ctx), method, req, reply, cc, opts...)
}

func identifyStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return stream(outgoing(ctx), desc, cc, method, opts...)
}

// follow logs the ejections that a stream causes.
func follow(logger *slog.Logger) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return stream((&balance.Call{Logger: logger}).Context(ctx), desc, cc, method, opts...)
	}
}

func outgoing(ctx context.Context) context.Context {
	return admission.Outgoing(outgoingRequestID(access.Outgoing(ctx)))
}

// report logs the calls that failed, once, after the last attempt. It does not see calls that an open breaker refuses.
func report(logger *slog.Logger) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		start := time.Now()
		err := invoke(ctx, method, req, reply, cc, opts...)
		if err != nil {
			code := status.Code(err)
			logger.LogAttrs(ctx, levelOf(method, code), "call failed", slog.String("method", method), slog.Duration("took", time.Since(start)),
				slog.String("request_id", RequestID(ctx)), slog.String("code", code.String()), slog.String("error", status.Convert(err).Message()))
		}
		return err
	}
}

// levelOf returns Warn for a service that is away or broken, which an operator wants to see. The rest is Debug: missed
// deadlines and overload come in crowds, and health is also asked of services that are still starting.
func levelOf(method string, code codes.Code) slog.Level {
	switch code {
	case codes.Unavailable, codes.Internal, codes.Unknown:
		if !breaker.IsHealth(method) {
			return slog.LevelWarn
		}
	}
	return slog.LevelDebug
}

// excuse keeps a call from the breaker's count that ran out of time because its caller gave it too little: one caller in a
// hurry must not open the breaker for all. Half of the method's timeout is enough to count. So callers that never wait for
// the whole timeout can still find out a callee that hangs.
func excuse(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	deadline, ok := ctx.Deadline()
	hurried := ok && time.Until(deadline) < timeoutOf(method)/2
	err := invoke(ctx, method, req, reply, cc, opts...)
	if hurried && status.Code(err) == codes.DeadlineExceeded {
		return breaker.Excused(err)
	}
	return err
}
