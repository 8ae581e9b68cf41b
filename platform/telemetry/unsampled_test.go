package telemetry

import (
	"context"
	"net"
	"slices"
	"testing"
	"time"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/emptypb"
)

// dialTraced returns a connection to a server whose every method does answer. Both trace their calls.
func dialTraced(t *testing.T, answer func(context.Context) error) *grpc.ClientConn {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer(append(ServerOptions(), grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		if err := answer(stream.Context()); err != nil {
			return err
		}
		return stream.SendMsg(&emptypb.Empty{})
	}))...)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:test", append(DialOptions(),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// calls returns the kinds of the sent spans of a method, sorted.
func calls(method string) (kinds []trace.SpanKind) {
	for _, s := range sent.GetSpans() {
		if s.Name == method {
			kinds = append(kinds, s.SpanKind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// waitForCalls waits until this many spans of a method are sent. The server's side ends a little later than the client's.
func waitForCalls(t *testing.T, method string, wanted int) []trace.SpanKind {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); len(calls(method)) < wanted && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	return calls(method)
}

func TestACallIsTracedOnBothSides(t *testing.T) {
	t.Parallel()
	both := []trace.SpanKind{trace.SpanKindServer, trace.SpanKindClient}
	for method, test := range map[string]struct {
		ctx  context.Context
		code codes.Code
		want []trace.SpanKind
	}{
		"test.Sampled/Succeeds":   {client(t), codes.OK, both},
		"test.Sampled/Fails":      {client(t), codes.Internal, both},
		"test.Unsampled/Succeeds": {notSampled(t), codes.OK, nil},
		"test.Unsampled/Refuses":  {notSampled(t), codes.NotFound, nil},
		"test.Unsampled/Fails":    {notSampled(t), codes.Unavailable, both},
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			var in trace.SpanContext
			conn := dialTraced(t, func(ctx context.Context) error {
				in = trace.SpanContextFromContext(ctx)
				return status.Error(test.code, "")
			})
			if err := conn.Invoke(test.ctx, "/"+method, &emptypb.Empty{}, &emptypb.Empty{}); status.Code(err) != test.code {
				t.Fatal(err)
			}
			_ = conn.Close()
			caller := trace.SpanContextFromContext(test.ctx)
			if in.TraceID() != caller.TraceID() || in.IsSampled() != caller.IsSampled() {
				t.Errorf("the callee is in %v, its caller in %v", in, caller)
			}
			if got := waitForCalls(t, method, len(test.want)); !slices.Equal(got, test.want) {
				t.Errorf("sent spans of %v, want %v", got, test.want)
			}
		})
	}
}

// TestACallOfSampledWorkWithinAnUnsampledCallIsTraced is about work that a call does for another trace.
func TestACallOfSampledWorkWithinAnUnsampledCallIsTraced(t *testing.T) {
	t.Parallel()
	inner := dialTraced(t, func(context.Context) error { return nil })
	outer := dialTraced(t, func(ctx context.Context) error {
		return inner.Invoke(InTraceOf(ctx, client(t)), "/test.Inner/Call", &emptypb.Empty{}, &emptypb.Empty{})
	})
	if err := outer.Invoke(notSampled(t), "/test.Outer/Call", &emptypb.Empty{}, &emptypb.Empty{}); err != nil {
		t.Fatal(err)
	}
	if got := waitForCalls(t, "test.Inner/Call", 2); len(got) != 2 {
		t.Errorf("sent %v, want both sides", got)
	}
}
