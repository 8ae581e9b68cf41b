package telemetry

import (
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"
)

// ServerOptions returns the options of a gRPC server that traces its calls, none if nothing is traced.
func ServerOptions() []grpc.ServerOption {
	if !On() {
		return nil
	}
	return []grpc.ServerOption{grpc.StatsHandler(unsampled{Handler: otelgrpc.NewServerHandler(handlerOptions()...), kind: trace.SpanKindServer})}
}

// DialOptions returns the options of a gRPC client that traces its calls, none if nothing is traced.
func DialOptions() []grpc.DialOption {
	if !On() {
		return nil
	}
	return []grpc.DialOption{grpc.WithStatsHandler(unsampled{Handler: otelgrpc.NewClientHandler(handlerOptions()...), kind: trace.SpanKindClient})}
}

// The metrics of RPCs are Prometheus' (package rpc), so otelgrpc's are switched off.
func handlerOptions() []otelgrpc.Option {
	return []otelgrpc.Option{
		otelgrpc.WithPropagators(Propagator), otelgrpc.WithMeterProvider(noop.NewMeterProvider()), otelgrpc.WithFilter(isWork),
	}
}

// isWork leaves out calls that go on all the time without being anybody's request: health checks, and long polls for news.
func isWork(info *stats.RPCTagInfo) bool {
	return !strings.HasPrefix(info.FullMethodName, "/grpc.health.") && !IsPoll(info.FullMethodName)
}

// IsPoll reports whether a call of this method waits until there is news. Such methods are named Watch… or WaitFor….
func IsPoll(method string) bool {
	name := method[strings.LastIndexByte(method, '/')+1:]
	return strings.HasPrefix(name, "Watch") || strings.HasPrefix(name, "WaitFor")
}
