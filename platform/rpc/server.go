package rpc

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/admission"
	"souk/platform/certificate"
	"souk/platform/identifier"
	"souk/platform/security"
	"souk/platform/telemetry"
)

// The largest request a server accepts, in bytes: a chunk of an import, or 2,000 order lines.
const maxMessage = 4 << 20

// The maximum number of concurrent calls on a connection: all event streams of a gateway, which only wait, and the requests
// that it has admitted.
const maxStreams = 2000

// The time for calls under way to end when their connection has reached its maximum age: that of the longest operation, an import.
const connectionGrace = 4 * time.Minute

// ConnectionAge limits the age of connections. Each is replaced after about this long, so that no peer keeps using a
// certificate that has been replaced.
func ConnectionAge(age time.Duration) grpc.ServerOption {
	return grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: age, MaxConnectionAgeGrace: connectionGrace})
}

// NewServer returns a gRPC server that presents identity, logs each call, recovers panics and converts errors to statuses. It
// handles as many calls at once as limiter allows, and none for longer than its caller waits. guard enforces the access rules
// of the RPCs.
func NewServer(logger *slog.Logger, guard *access.Guard, identity *certificate.Identity, limiter *admission.Limiter, opts ...grpc.ServerOption) *grpc.Server {
	bound, journal := &bounds{limiter: limiter}, security.New(logger)
	opts = append(telemetry.ServerOptions(), opts...)
	return grpc.NewServer(append([]grpc.ServerOption{
		grpc.Creds(newWatchedTLS(identity.Server(), identity)),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: alive.Time / 2, PermitWithoutStream: true}),
		grpc.ChainUnaryInterceptor(answerUnary(logger, journal), bound.unary, guard.Unary, actorUnary),
		grpc.ChainStreamInterceptor(answerStream(logger, journal), bound.stream, guard.Stream, actorStream),
	}, opts...)...)
}

// answerUnary is the outermost interceptor: whatever happens inside, the caller gets a status and the call is logged.
func answerUnary(logger *slog.Logger, journal *security.Journal) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
		start := time.Now()
		ctx = incoming(ctx, journal)
		noteOrder(ctx, req)
		defer func() {
			if p := recover(); p != nil {
				err = panicked(p)
			}
			err = finish(ctx, logger, info.FullMethod, start, err)
			countServed(ctx, info.FullMethod, start, status.Code(err), false)
		}()
		return next(ctx, req)
	}
}

func answerStream(logger *slog.Logger, journal *security.Journal) grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		start := time.Now()
		ctx := incoming(stream.Context(), journal)
		defer func() {
			if p := recover(); p != nil {
				err = panicked(p)
			}
			err = finish(ctx, logger, info.FullMethod, start, err)
			countServed(ctx, info.FullMethod, start, status.Code(err), true)
		}()
		return next(srv, access.StreamWithContext(ctx, stream))
	}
}

// noteOrder notes the order that a request names. Only an ID is noted, because nothing has checked the request yet.
func noteOrder(ctx context.Context, req any) {
	named, ok := req.(interface{ GetOrderId() string })
	if !ok {
		return
	}
	if id, ok := identifier.Canonical(named.GetOrderId()); ok {
		telemetry.Note(ctx, telemetry.OrderID, id)
	}
}

// incoming returns ctx with the values from the call's metadata and a journal for security events.
func incoming(ctx context.Context, journal *security.Journal) context.Context {
	ctx = incomingRequestID(telemetry.WithNotes(telemetry.Incoming(ctx)))
	return admission.Incoming(security.With(ctx, journal, RequestID(ctx)))
}

func panicked(p any) error {
	return fmt.Errorf("panic: %v\n%s", p, debug.Stack())
}

func finish(ctx context.Context, logger *slog.Logger, method string, start time.Time, err error) error {
	attrs := []slog.Attr{
		slog.String("method", method),
		slog.Duration("took", time.Since(start)),
		slog.String("request_id", RequestID(ctx)),
	}
	if err == nil {
		logger.LogAttrs(ctx, slog.LevelDebug, "served", append(attrs, slog.String("code", codes.OK.String()))...)
		return nil
	}
	answer, unexpected := toStatus(err)
	forbidRetry(ctx, answer)
	level := slog.LevelDebug
	if unexpected {
		level = slog.LevelError
		attrs = append(attrs, slog.String("error", err.Error()))
	}
	logger.LogAttrs(ctx, level, "failed", append(attrs, slog.String("code", status.Code(answer).String()))...)
	return answer
}
