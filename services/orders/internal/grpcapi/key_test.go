package grpcapi_test

import (
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"

	"souk/services/orders/internal/aftersales"
)

func TestAReturnWithAKeyIsRequestedOnce(t *testing.T) {
	t.Parallel()
	server, service := serve(t)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	id := deliver(t, service, place(t, server, "order"))
	ctx := metadata.AppendToOutgoingContext(server.As(t, owner), "idempotency-key-bin", "k")
	req := &ordersv1.RequestReturnRequest{OrderId: id, Lines: []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 1}}, Reason: "broken"}
	answers := make([]*ordersv1.RequestReturnResponse, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			answer, err := client.RequestReturn(ctx, req)
			for rpc.Reason(err) == "IDEMPOTENCY_IN_PROGRESS" {
				answer, err = client.RequestReturn(ctx, req)
			}
			if err != nil {
				t.Error(err)
			}
			answers[i] = answer
		})
	}
	all.Wait()
	for _, answer := range answers {
		if !proto.Equal(answer, answers[0]) {
			t.Errorf("answered %v and %v", answers[0], answer)
		}
	}
	o, err := client.GetOrder(server.As(t, owner), &ordersv1.GetOrderRequest{Id: id})
	if err != nil || len(o.GetOrder().GetReturns()) != 1 {
		t.Errorf("returns %v, %v; want one", o.GetOrder().GetReturns(), err)
	}
	other := proto.CloneOf(req)
	other.Reason = "changed my mind"
	_, err = client.RequestReturn(ctx, other)
	grpctest.Expect(t, "another request", err, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED")
	if _, err := service.ReceiveReturn(t.Context(), aftersales.ReceiveRequest{ReturnID: answers[0].GetReturn().GetId()}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.EraseCustomer(server.As(t, owner), &ordersv1.EraseCustomerRequest{}); err != nil {
		t.Fatal(err)
	}
	// The answer had what the customer wrote, and is erased as well.
	_, err = client.RequestReturn(ctx, req)
	grpctest.Expect(t, "after the erasure", err, codes.Unauthenticated, "CUSTOMER_NOT_FOUND")
}
