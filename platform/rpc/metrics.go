package rpc

import (
	"context"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/breaker"
	"souk/platform/telemetry"
)

// The bounds of times of RPCs, in seconds.
var rpcBuckets = []float64{0.001, 0.005, 0.02, 0.1, 0.5, 2.5, 10}

// Metrics of this process's server and of its calls to others. Health checks are left out. A method is shown without the leading
// slash, for example souk.orders.v1.OrdersService/CreateOrder.
var (
	serverTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "souk_rpc_server_duration_seconds", Help: "Time of calls that this process served, without streams.", Buckets: rpcBuckets,
	}, []string{"method"})
	serverCalls = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_rpc_server_calls_total", Help: "Calls that this process answered.",
	}, []string{"method", "code"})
	clientTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
		Name: "souk_rpc_client_duration_seconds", Help: "Time of calls to another service, with retries.", Buckets: rpcBuckets,
	}, []string{"peer"})
	clientCalls = promauto.NewCounterVec(prometheus.CounterOpts{
		Name: "souk_rpc_client_calls_total", Help: "Calls to another service.",
	}, []string{"method", "code"})

	handled = promauto.NewCounter(prometheus.CounterOpts{
		Name: "souk_rpc_server_handled_total", Help: "Calls that a handler has ended. Refused calls have no handler.",
	})
	handlerTime = promauto.NewCounter(prometheus.CounterOpts{
		Name: "souk_rpc_server_handler_seconds_total", Help: "Time of handlers.",
	})
	pastDeadline = promauto.NewCounter(prometheus.CounterOpts{
		Name: "souk_rpc_server_past_deadline_seconds_total", Help: "Time of handlers after the caller had stopped waiting.",
	})
)

// brokenCodes are the codes of errors that the code does not foresee. The alert InternalErrors looks at them.
var brokenCodes = []codes.Code{codes.Internal, codes.Unknown}

// ShowCalls shows the counters of unforeseen errors for each method of server from the start, because Prometheus takes no notice of
// the first count of a metric that was not there before.
func ShowCalls(server *grpc.Server) {
	for service, info := range server.GetServiceInfo() {
		for _, method := range info.Methods {
			if name := service + "/" + method.Name; !breaker.IsHealth("/" + name) {
				showCalls(name)
			}
		}
	}
}

func showCalls(method string) {
	for _, code := range brokenCodes {
		serverCalls.WithLabelValues(method, code.String())
	}
}

// countServed counts an answered call. Long polls have no time, because most of it is waiting.
func countServed(ctx context.Context, method string, start time.Time, code codes.Code, stream bool) {
	if breaker.IsHealth(method) {
		return
	}
	method = strings.TrimPrefix(method, "/")
	serverCalls.WithLabelValues(method, code.String()).Inc()
	if !stream && !telemetry.IsPoll(method) {
		telemetry.Observe(ctx, serverTime.WithLabelValues(method), time.Since(start))
	}
}

// countCalls counts the calls to the service peer.
func countCalls(peer string) grpc.UnaryClientInterceptor {
	times := clientTime.WithLabelValues(peer)
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		if breaker.IsHealth(method) {
			return invoke(ctx, method, req, reply, cc, opts...)
		}
		start := time.Now()
		err := invoke(ctx, method, req, reply, cc, opts...)
		method = strings.TrimPrefix(method, "/")
		clientCalls.WithLabelValues(method, status.Code(err).String()).Inc()
		if !telemetry.IsPoll(method) {
			telemetry.Observe(ctx, times, time.Since(start))
		}
		return err
	}
}
