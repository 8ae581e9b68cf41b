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

// Call is what a caller and the policy tell each other about one call, over all of its attempts. Each attempt goes to an
// instance that was not asked yet, if there is one in use.
type Call struct {
	// Repeatable says that the call may be made again. An ejected instance is tried with such calls.
	Repeatable bool
	// Logger is told when this call causes an instance to be ejected or taken back. May be nil.
	Logger *slog.Logger

	instances []*instance // that were asked; guarded by the fleet's lock

	// Of the last attempt.
	elsewhere, metOutlier atomic.Bool
}

// Elsewhere reports whether the last attempt failed through the fault of its instance, while another one that was not asked
// yet answers well.
func (c *Call) Elsewhere() bool { return c.elsewhere.Load() }

// MetOutlier reports whether the last attempt failed at an instance that is ejected. Its failure tells nothing of the
// service as a whole.
func (c *Call) MetOutlier() bool { return c.metOutlier.Load() }

type callKey struct{}

// Context returns ctx for the attempts at the call.
func (c *Call) Context(ctx context.Context) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// callOf returns the call that an instance is picked for.
func callOf(info balancer.PickInfo) *Call {
	if c, ok := info.Ctx.Value(callKey{}).(*Call); ok {
		return c
	}
	return &Call{}
}

// isHealth reports whether a method is of gRPC's health service. It answers well in a process that does nothing else well.
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
