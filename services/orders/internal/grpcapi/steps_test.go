package grpcapi_test

import (
	"context"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/testkit/grpctest"
)

// Each RPC of several steps is called twenty times at once with one key. Its answer stays what it was, however the order goes on.
func TestStepsWithAKeyAreAnsweredAsTheFirstTime(t *testing.T) {
	t.Parallel()
	server, service := serve(t)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	cancelled, dispatched, delivered := place(t, server, "cancelled"), place(t, server, "dispatched"), deliver(t, service, place(t, server, "delivered"))
	cancelledByStaff := place(t, server, "cancelled by staff")
	var returns []string
	for range 2 {
		goods, err := client.RequestReturn(server.As(t, owner), &ordersv1.RequestReturnRequest{
			OrderId: delivered, Lines: []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 1}}, Reason: "broken",
		})
		if err != nil {
			t.Fatal(err)
		}
		returns = append(returns, goods.GetReturn().GetId())
	}
	for name, call := range map[string]struct {
		as          context.Context
		about       string
		ask         func(ctx context.Context, id string) (proto.Message, error)
		changeAfter func() error
	}{
		"CancelOrder": {server.As(t, owner), cancelled, func(ctx context.Context, id string) (proto.Message, error) {
			return client.CancelOrder(ctx, &ordersv1.CancelOrderRequest{Id: id})
		}, func() error { return nil }},
		"CancelAnyOrder": {server.Staff(t), cancelledByStaff, func(ctx context.Context, id string) (proto.Message, error) {
			return client.CancelAnyOrder(ctx, &ordersv1.CancelAnyOrderRequest{Id: id, Reason: "damaged"})
		}, func() error { return nil }},
		"DispatchOrder": {server.Staff(t), dispatched, func(ctx context.Context, id string) (proto.Message, error) {
			return client.DispatchOrder(ctx, &ordersv1.DispatchOrderRequest{Id: id})
		}, func() error { return service.FollowParcels(t.Context()) }},
		"RefuseReturn": {server.Staff(t), returns[1], func(ctx context.Context, id string) (proto.Message, error) {
			return client.RefuseReturn(ctx, &ordersv1.RefuseReturnRequest{ReturnId: id, Reason: "worn"})
		}, func() error { return nil }},
		"ReceiveReturn": {server.Staff(t), returns[0], func(ctx context.Context, id string) (proto.Message, error) {
			return client.ReceiveReturn(ctx, &ordersv1.ReceiveReturnRequest{ReturnId: id})
		}, func() error { return nil }},
	} {
		t.Run(name, func(t *testing.T) {
			ctx := metadata.AppendToOutgoingContext(call.as, "idempotency-key-bin", "k")
			answers := make([]proto.Message, 20)
			var all sync.WaitGroup
			for i := range answers {
				all.Go(func() {
					var err error
					if answers[i], err = call.ask(ctx, call.about); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if err := call.changeAfter(); err != nil {
				t.Fatal(err)
			}
			again, err := call.ask(ctx, call.about)
			if err != nil {
				t.Fatal(err)
			}
			for _, answer := range append(answers, again) {
				if !proto.Equal(answer, answers[0]) {
					t.Errorf("answered %v and %v", answers[0], answer)
				}
			}
			_, err = call.ask(ctx, owner) // an id of nothing that is ordered
			grpctest.Expect(t, "the key with another id", err, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED")
			other := metadata.AppendToOutgoingContext(call.as, "idempotency-key-bin", "k2")
			if _, err := call.ask(other, owner); err == nil {
				t.Error("nothing was changed without an error")
			}
			if _, err := call.ask(other, call.about); err != nil {
				t.Errorf("the key of a refused call: %v", err)
			}
		})
	}
}

func TestTheErasureOfACustomerErasesWhatStaffWereAnswered(t *testing.T) {
	t.Parallel()
	server, service := serve(t)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	id := place(t, server, "order")
	ctx := metadata.AppendToOutgoingContext(server.Staff(t), "idempotency-key-bin", "k")
	first, err := client.DispatchOrder(ctx, &ordersv1.DispatchOrderRequest{Id: id})
	if err != nil || first.GetOrder().GetShippingAddress().GetName() == "" {
		t.Fatalf("%v, %v", first, err)
	}
	if err := service.FollowParcels(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := client.EraseCustomer(server.As(t, owner), &ordersv1.EraseCustomerRequest{}); err != nil {
		t.Fatal(err)
	}
	again, err := client.DispatchOrder(ctx, &ordersv1.DispatchOrderRequest{Id: id})
	if err != nil || again.GetOrder().GetShippingAddress().GetName() != "" {
		t.Errorf("after the erasure: %v, %v", again, err)
	}
}
