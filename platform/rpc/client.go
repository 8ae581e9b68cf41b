package rpc

import (
	"context"
	"log/slog"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	_ "google.golang.org/grpc/health" // makes gRPC watch the health of instances
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/balance"
	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/telemetry"
)

// The largest answer a client accepts, in bytes: a page of 100 large products.
const maxAnswer = 16 << 20

// The client finds a restarted instance within a second or two; gRPC's default backoff goes up to two minutes.
var reconnect = grpc.ConnectParams{
	Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 2 * time.Second},
	MinConnectTimeout: 2 * time.Second,
}

// A connection is pinged after 10 s of silence and closed if the answer takes longer than 3 s. gRPC allows no Time below 10 s.
var alive = keepalive.ClientParameters{Time: 10 * time.Second, Timeout: 3 * time.Second}

// Dial returns a connection to target, such as consul:///catalog. The server must have a certificate of the service peer, and
// the client presents identity. Each call carries the caller's token, the request ID and the idempotency key, and has the
// timeout of its method. It goes through the method's circuit breaker; retries happen inside the breaker, which counts only the
// final result. Calls go to the healthy instances in turn. The connection is established at the first call.
func Dial(target, peer string, identity *certificate.Identity, breakers *breaker.Set, logger *slog.Logger, opts ...grpc.DialOption) (*grpc.ClientConn, error) {
	config, err := configFor(peer)
	if err != nil {
		return nil, err
	}
	opts = append(telemetry.DialOptions(), opts...)
	opts = append([]grpc.DialOption{
		grpc.WithTransportCredentials(newWatchedTLS(identity.Client(peer), identity)),
		grpc.WithDefaultServiceConfig(config),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithConnectParams(reconnect),
		grpc.WithKeepaliveParams(alive),
		grpc.WithChainUnaryInterceptor(countCalls(peer), identify, forwardKey, breakers.Unary(peer), logFailures(logger), excuseShortTimeouts, newRepeater(logger).repeat),
		grpc.WithChainStreamInterceptor(identifyStream, breakers.Stream(peer), logStreamEjections(logger)),
	}, opts...)
	return grpc.NewClient(target, opts...)
}

// identify forwards the access token, the request ID, the class of work, and who has caused the call.
func identify(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(outgoing(ctx), method, req, reply, cc, opts...)
}

func identifyStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return stream(outgoing(ctx), desc, cc, method, opts...)
}

// logStreamEjections logs the ejections of instances that a stream causes.
func logStreamEjections(logger *slog.Logger) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, stream grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return stream((&balance.Call{Logger: logger}).Context(ctx), desc, cc, method, opts...)
	}
}

func outgoing(ctx context.Context) context.Context {
	return admission.Outgoing(outgoingActor(outgoingRequestID(access.Outgoing(ctx))))
}

// logFailures logs failed calls, once, after the last attempt. Calls that an open breaker refuses do not reach it.
func logFailures(logger *slog.Logger) grpc.UnaryClientInterceptor {
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

// levelOf returns Warn if a service is down or broken, because operators want to see that. Other errors get Debug: timeouts and
// overload hit many calls at once, and health checks fail while a service starts.
func levelOf(method string, code codes.Code) slog.Level {
	switch code {
	case codes.Unavailable, codes.Internal, codes.Unknown:
		if !breaker.IsHealth(method) {
			return slog.LevelWarn
		}
	}
	return slog.LevelDebug
}

// excuseShortTimeouts makes the breaker ignore a timed-out call if the caller gave it less than half of the method's timeout,
// because one impatient caller must not open the breaker for all. Half is enough to count, so that callers which never allow
// the full timeout can still detect a hanging callee.
func excuseShortTimeouts(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	deadline, ok := ctx.Deadline()
	hurried := ok && time.Until(deadline) < timeoutOf(method)/2
	err := invoke(ctx, method, req, reply, cc, opts...)
	if hurried && status.Code(err) == codes.DeadlineExceeded {
		return breaker.Excused(err)
	}
	return err
}
