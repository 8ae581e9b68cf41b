package rpc

import (
	"testing"

	"google.golang.org/grpc/metadata"

	"souk/platform/access"
	"souk/platform/security"
)

const someID = "01a223b3-dc89-7155-af82-e8cbbf9d200d"

func TestTheCalleeKnowsWhoHasCausedACall(t *testing.T) {
	t.Parallel()
	orders := access.Caller{Service: "orders"}
	withToken := access.Caller{Service: "orders", CustomerID: "ada"}
	staff := security.Actor{Customer: someID, Staff: true, Service: "gateway", Address: "192.0.2.1/32"}
	customer := security.Actor{Customer: someID}
	for name, test := range map[string]struct {
		behalf *security.Actor
		by     security.Actor
		caller access.Caller
		want   security.Actor
	}{
		"staff":               {behalf: &staff, caller: orders, want: security.Actor{Customer: someID, Staff: true, Service: "orders", Address: "192.0.2.1/32"}},
		"a customer":          {behalf: &customer, caller: orders, want: security.Actor{Customer: someID, Service: "orders"}},
		"nobody":              {behalf: &security.Actor{Service: "orders"}, caller: orders, want: security.Actor{Service: "orders"}},
		"a token":             {behalf: &staff, caller: withToken, want: security.Actor{Customer: "ada", Service: "orders", Address: "192.0.2.1/32"}},
		"without OnBehalfOf":  {by: staff, caller: orders, want: security.Actor{Service: "orders", Address: "192.0.2.1/32"}},
		"without certificate": {behalf: &staff, want: security.Actor{}},
		"no id":               {behalf: &security.Actor{Customer: "no id", Staff: true, Address: "nowhere"}, caller: orders, want: security.Actor{Service: "orders"}},
	} {
		ctx := security.WithActor(t.Context(), test.by)
		if test.behalf != nil {
			ctx = OnBehalfOf(ctx, *test.behalf)
		}
		sent, _ := metadata.FromOutgoingContext(outgoing(ctx))
		received := metadata.NewIncomingContext(access.WithCaller(t.Context(), test.caller), sent)
		if got := security.ActorOf(incomingActor(received)); got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
		if got := access.FromContext(incomingActor(received)); got.CustomerID != test.caller.CustomerID || got.Staff() {
			t.Errorf("%s: the caller is %+v, and has got rights", name, got)
		}
	}
}
