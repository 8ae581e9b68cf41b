package audit

import (
	"cmp"
	"context"

	"souk/platform/security"
)

// ActorKind is a kind of actors.
type ActorKind string

// The kinds of actors. An actor's ID is that of the account for staff and customers, that of the client for partners, and a name otherwise.
const (
	Staff    ActorKind = "staff"
	Customer ActorKind = "customer"
	Service  ActorKind = "service"
	Provider ActorKind = "provider"
	Operator ActorKind = "operator"
	Partner  ActorKind = "client"
)

// Actor is who makes a change.
type Actor struct {
	Kind ActorKind
	ID   string
	// Service is the calling service, if a call caused the change.
	Service string
	// Address is the network of the client. It is only recorded for staff and partners: a customer's network is personal data, which an entry
	// would keep for ever.
	Address string
}

// PaymentProvider is the actor of changes that were made at the payment provider.
var PaymentProvider = Actor{Kind: Provider, ID: "payment-provider"}

// CommandLine is the actor of commands that somebody runs on a machine of the shop.
var CommandLine = Actor{Kind: Operator, ID: "command-line"}

// unknown is the ID of an actor of which nothing is known.
const unknown = "unknown"

type actorKey struct{}

// As returns ctx with the actor of its entries. Without As, the actor is that of security events.
func As(ctx context.Context, actor Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, actor)
}

// ActorOf returns who makes the changes of ctx.
func ActorOf(ctx context.Context) Actor {
	if actor, ok := ctx.Value(actorKey{}).(Actor); ok {
		return actor
	}
	switch known := security.ActorOf(ctx); {
	case known.Customer != "" && known.Staff:
		return Actor{Kind: Staff, ID: known.Customer, Service: known.Service, Address: known.Address}
	case known.Customer != "":
		return Actor{Kind: Customer, ID: known.Customer, Service: known.Service}
	case known.Client != "":
		return Actor{Kind: Partner, ID: known.Client, Service: known.Service, Address: known.Address}
	default:
		return Actor{Kind: Service, ID: cmp.Or(known.Service, unknown)}
	}
}
