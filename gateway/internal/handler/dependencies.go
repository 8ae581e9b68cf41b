package handler

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/gateway/internal/api"

	"souk/platform/balance"
)

const (
	// A service that does not report SERVING within this time counts as down.
	dependencyTimeout = time.Second
	// The time between checks of the services. They are checked more often until all have been reached once.
	dependencyEvery = time.Second
	dependencySoon  = 50 * time.Millisecond
)

var reached = promauto.NewGaugeVec(prometheus.GaugeOpts{
	Name: "souk_dependency_up", Help: "1 for each service that was serving at the last check, 0 for the others.",
}, []string{"peer"})

// Dependencies maps the services of the shop to connections.
type Dependencies map[string]grpc.ClientConnInterface

// GetDependencies reports whether each service is serving, and which of its instances get no calls from this gateway.
func (h *Handler) GetDependencies(ctx context.Context, _ api.GetDependenciesRequestObject) (api.GetDependenciesResponseObject, error) {
	serving := h.dependencies.serving(ctx)
	list := api.DependencyList{Items: []api.Dependency{}}
	for _, name := range slices.Sorted(maps.Keys(serving)) {
		status := api.DependencyStatusAway
		if serving[name] {
			status = api.DependencyStatusServing
		}
		list.Items = append(list.Items, api.Dependency{Name: name, Status: status, LeftAlone: leftAlone(name)})
	}
	return api.GetDependencies200JSONResponse(list), nil
}

// leftAlone returns the instances of a service that get no calls, sorted by address.
func leftAlone(service string) []api.InstanceLeftAlone {
	instances := []api.InstanceLeftAlone{}
	for _, one := range balance.LeftAlone() {
		if one.Service == service {
			instances = append(instances, api.InstanceLeftAlone{
				Address: one.Address, Reason: api.LeftAloneReason(one.Reason), FailureRate: one.FailureRate, Until: one.Until,
			})
		}
	}
	return instances
}

// Show shows every service in the metric, as one that was not reached yet. So whoever reads the metric knows them all.
func (d Dependencies) Show() {
	for name := range d {
		reached.WithLabelValues(name)
	}
}

// Without returns the dependencies without a service.
func (d Dependencies) Without(name string) Dependencies {
	others := maps.Clone(d)
	delete(others, name)
	return others
}

// Await returns when every service has been reached, or when ctx is done.
func (d Dependencies) Await(ctx context.Context) {
	tick := time.NewTicker(dependencySoon)
	defer tick.Stop()
	for !d.note(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Watch keeps the metric of the services up to date until ctx is done.
func (d Dependencies) Watch(ctx context.Context) {
	tick := time.NewTicker(dependencyEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			d.note(ctx)
		}
	}
}

// note checks all services, updates the metric, and reports whether every service is serving. It does not update the metric
// once ctx is done, because checks fail while the process ends.
func (d Dependencies) note(ctx context.Context) bool {
	serving := d.serving(ctx)
	if ctx.Err() != nil {
		return false
	}
	all := true
	for name, serves := range serving {
		up := 0.0
		if serves {
			up = 1
		}
		reached.WithLabelValues(name).Set(up)
		all = all && serves
	}
	return all
}

// serving checks all services concurrently.
func (d Dependencies) serving(ctx context.Context) map[string]bool {
	ctx, cancel := context.WithTimeout(ctx, dependencyTimeout)
	defer cancel()
	var mu sync.Mutex
	var asking sync.WaitGroup
	serving := make(map[string]bool, len(d))
	for name, conn := range d {
		asking.Go(func() {
			answer, err := healthv1.NewHealthClient(conn).Check(ctx, &healthv1.HealthCheckRequest{})
			mu.Lock()
			defer mu.Unlock()
			serving[name] = err == nil && answer.GetStatus() == healthv1.HealthCheckResponse_SERVING
		})
	}
	asking.Wait()
	return serving
}
