package payments

import (
	"context"

	"souk/platform/audit"
)

// Asked is what a call has asked the provider for, and who made the call. It is stored before the provider is asked and deleted with the
// answer. So if the answer is lost, and payments learns later what became of the request, the audit log still tells who made it.
type Asked struct {
	// To is the status that a payment is to get. It is empty for a refund.
	To      Status          `json:"to,omitempty"`
	Kind    audit.ActorKind `json:"kind"`
	ID      string          `json:"id"`
	Service string          `json:"service,omitempty"`
	Address string          `json:"address,omitempty"`
}

// AskedBy returns that the actor of ctx asks for a status.
func AskedBy(ctx context.Context, to Status) Asked {
	by := audit.ActorOf(ctx)
	return Asked{To: to, Kind: by.Kind, ID: by.ID, Service: by.Service, Address: by.Address}
}

// actor returns ctx with the one who asked as the actor of its changes.
func (a Asked) actor(ctx context.Context) context.Context {
	return audit.As(ctx, audit.Actor{Kind: a.Kind, ID: a.ID, Service: a.Service, Address: a.Address})
}

// answers reports whether a change of a payment is what was asked for, or the answer to its authorization: nobody else can cause that,
// because the provider did not know the payment before. A capture takes the whole amount, so that a part was captured by somebody else.
func (p Payment) answers(change Change) bool {
	switch {
	case p.Asked == nil || change.CapturedPart > 0:
		return false
	case p.Status == Pending && change.To != Voided:
		return true
	default:
		return p.Asked.To == change.To
	}
}

// actorOf returns ctx with the actor of a change that the comparison with the provider's books has found.
func (p Payment) actorOf(ctx context.Context, change Change) context.Context {
	if p.answers(change) {
		return p.Asked.actor(ctx)
	}
	return audit.As(ctx, audit.PaymentProvider)
}
