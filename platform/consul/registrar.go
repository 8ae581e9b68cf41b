package consul

import (
	"context"
	"time"

	"github.com/hashicorp/consul/api"
)

// registrar keeps one instance registered.
type registrar struct {
	client       *api.Client
	registration *api.AgentServiceRegistration
	registered   bool
	// published is the instance's health in the catalog, which Consul answers peers from, as last seen. stale says that at the
	// last look the catalog did not have the health that the agent knew.
	published string
	stale     bool
}

// confirm registers the instance unless the agent already has it from this process. It ignores an older registration, because
// that comes from an earlier process at this address which was killed before it could deregister.
func (k *registrar) confirm(ctx context.Context) error {
	if k.registered {
		ok, err := k.isKnown(ctx)
		k.registered = ok
		if ok || err != nil {
			return err
		}
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	// This request must not be canceled with ctx: the agent might still carry it out after the instance was deregistered.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), agentTimeout)
	defer cancel()
	// The agent updates the catalog only if the registration differs from the one before, even if it has not sent that one yet.
	k.registration.Check.Notes = "registered at " + time.Now().UTC().Format(time.RFC3339Nano)
	err := k.client.Agent().ServiceRegisterOpts(k.registration, api.ServiceRegisterOpts{}.WithContext(ctx))
	k.registered, k.published, k.stale = err == nil, "", false
	return err
}

// isKnown reports whether the agent has the instance and the catalog has its current health. It returns false only if the
// catalog was stale twice in a row.
//
// The check of the catalog works around a delay in Consul. If somebody registers just as an agent is about to compare all its
// data with the catalog, the agent postpones that and sends no change to the catalog for 15 to 30 seconds. A healthy instance
// would not be found meanwhile. Another registration makes the agent send its changes at once
// (https://github.com/hashicorp/consul/blob/v1.22.5/agent/ae/ae.go, nextFSMState; agent/agent_endpoint.go, syncChanges).
func (k *registrar) isKnown(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	options := (&api.QueryOptions{AllowStale: true}).WithContext(ctx)
	_, known, err := k.client.Agent().AgentHealthServiceByIDOpts(k.registration.ID, options)
	if err != nil || known == nil {
		return false, err
	}
	wasStale := k.stale
	k.stale = known.AggregatedStatus != k.published && !k.catalogHas(known.AggregatedStatus, options)
	if !k.stale {
		k.published = known.AggregatedStatus
	}
	return !k.stale || !wasStale, nil
}

// catalogHas reports whether the catalog lists the instance with this health. It returns false if the catalog cannot be read.
func (k *registrar) catalogHas(health string, options *api.QueryOptions) bool {
	entries, _, err := k.client.Health().Service(k.registration.Name, "", false, options)
	if err != nil {
		return false
	}
	for _, entry := range entries {
		if entry.Service.ID == k.registration.ID {
			return entry.Checks.AggregatedStatus() == health
		}
	}
	return false
}
