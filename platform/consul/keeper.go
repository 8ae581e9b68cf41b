package consul

import (
	"context"
	"time"

	"github.com/hashicorp/consul/api"
)

// keeper keeps one instance registered.
type keeper struct {
	client       *api.Client
	registration *api.AgentServiceRegistration
	registered   bool
	// told is the health that the agent has told the catalog, from which peers are answered. overdue says that it had not
	// yet told it what it knew when we last looked.
	told    string
	overdue bool
}

// confirm registers the instance unless the agent still has it. What the agent has before we registered is an earlier
// process's at this address, which died too soon to take it back.
func (k *keeper) confirm(ctx context.Context) error {
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
	// Not to be broken off: the agent might do it after all, once it has been deregistered.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), agentTimeout)
	defer cancel()
	// The agent tells the catalog only what differs from the registration before, even if it has not told it that one.
	k.registration.Check.Notes = "registered at " + time.Now().UTC().Format(time.RFC3339Nano)
	err := k.client.Agent().ServiceRegisterOpts(k.registration, api.ServiceRegisterOpts{}.WithContext(ctx))
	k.registered, k.told, k.overdue = err == nil, "", false
	return err
}

// isKnown reports whether the agent has the instance and has told the catalog how it is.
//
// An agent that is about to compare all it has with the catalog just while somebody registers puts it off, and tells the
// catalog of no change for 15 to 30 seconds: a healthy instance would not be found. With a registration it does so at once
// (https://github.com/hashicorp/consul/blob/v1.22.5/agent/ae/ae.go, nextFSMState; agent/agent_endpoint.go, syncChanges).
func (k *keeper) isKnown(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, agentTimeout)
	defer cancel()
	options := (&api.QueryOptions{AllowStale: true}).WithContext(ctx)
	_, known, err := k.client.Agent().AgentHealthServiceByIDOpts(k.registration.ID, options)
	if err != nil || known == nil {
		return false, err
	}
	wasOverdue := k.overdue
	k.overdue = known.AggregatedStatus != k.told && !k.catalogHas(known.AggregatedStatus, options)
	if !k.overdue {
		k.told = known.AggregatedStatus
	}
	return !k.overdue || !wasOverdue, nil
}

// catalogHas reports whether peers are told this health of the instance. A catalog that cannot be asked has not got it.
func (k *keeper) catalogHas(health string, options *api.QueryOptions) bool {
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
