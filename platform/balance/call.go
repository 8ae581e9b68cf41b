package balance

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/balancer"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
)

// Call carries what the caller and the balancing policy tell each other about one call, over all its attempts. Each attempt
// goes to an instance that has not been tried yet, as long as there is one in use.
type Call struct {
	// Repeatable says that it is safe to make the call again. Only such calls try out an ejected instance early.
	Repeatable bool
	// Logger logs when this call causes an instance to be ejected or taken back. May be nil.
	Logger *slog.Logger

	instances []*instance // those tried so far; guarded by the fleet's lock

	// About the last attempt.
	elsewhere, metOutlier atomic.Bool
}

// Elsewhere reports whether the last attempt failed because of its instance, while an instance that was not tried yet works
// well.
func (c *Call) Elsewhere() bool { return c.elsewhere.Load() }

// MetOutlier reports whether the last attempt failed at an ejected instance. Such a failure tells nothing about the service as
// a whole.
func (c *Call) MetOutlier() bool { return c.metOutlier.Load() }

type callKey struct{}

// Context returns the context to make the call's attempts with.
func (c *Call) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call that a pick is for.
func callOf(info balancer.PickInfo) *Call {
	if c, ok := info.Ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// isHealth reports whether a method belongs to gRPC's health service. It may answer well in a process in which nothing else
// works.
func isHealth(method string) bool {
	return strings.HasPrefix(method, "/"+healthv1.Health_ServiceDesc.ServiceName+"/")
}

func (c *Call) asked(one *instance) bool { return slices.Contains(c.instances, one) }

func (c *Call) notAsked(all []*instance) []*instance {
	if len(c.instances) == 0 {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), c.asked)
}
