package handler

import (
	"context"
	"expvar"
	"maps"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"souk/gateway/internal/api"

	"souk/platform/balance"
)

const (
	// A service that does not say within this time that it serves is away.
	dependencyTimeout = time.Second
	// Services are asked again after this long, and more often until all of them have been reached.
	dependencyEvery = time.Second
	dependencySoon  = 50 * time.Millisecond
)

// reached is 1 for each service that served when it was last asked, and 0 for one that is away.
var reached = expvar.NewMap("dependencies")

// Dependencies holds a connection to each service of the shop, by name.
type Dependencies map[string]grpc.ClientConnInterface

// GetDependencies says of each service whether it serves, and which of its instances are left alone.
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

// leftAlone returns the instances of a service that are left alone, by address.
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

// Await returns once each service has been reached, or when ctx is done.
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

// Watch keeps the metric of the services true until ctx is done.
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

// note sets the metric, and reports whether every service serves. What is asked as the process ends is not noted.
func (d Dependencies) note(ctx context.Context) bool {
	serving := d.serving(ctx)
	if ctx.Err() != nil {
		return false
	}
	all := true
	for name, serves := range serving {
		value := new(expvar.Int)
		if serves {
			value.Set(1)
		}
		reached.Set(name, value)
		all = all && serves
	}
	return all
}

// serving asks all services at once.
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
