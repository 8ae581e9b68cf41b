package grpcapi_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/testkit/grpctest"
)

func TestAnAuditSeesWhatWasSoldAndReturned(t *testing.T) {
	t.Parallel()
	client := setup(t)
	shop := grpctest.Service(t, "orders")
	cup, pot := &inventoryv1.Line{Sku: "CUP", Quantity: 5}, &inventoryv1.Line{Sku: "POT", Quantity: 1}
	_, err := client.OpenStock(client.Staff(t), &inventoryv1.OpenStockRequest{Lines: []*inventoryv1.Line{cup, pot}, Reason: "import"})
	grpctest.Expect(t, "open", err, codes.OK, "")
	req := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 3})
	_, err = client.Reserve(shop, req)
	grpctest.Expect(t, "reserve", err, codes.OK, "")
	_, err = client.Reserve(shop, &inventoryv1.ReserveRequest{OrderId: req.GetOrderId(), Lines: []*inventoryv1.Line{pot}, HoldFor: req.GetHoldFor()})
	grpctest.Expect(t, "reserve other lines", err, codes.FailedPrecondition, "RESERVATION_MISMATCH")
	_, err = client.CommitReservation(shop, &inventoryv1.CommitReservationRequest{OrderId: req.GetOrderId()})
	grpctest.Expect(t, "commit", err, codes.OK, "")
	back := &inventoryv1.ReturnStockRequest{
		ReturnId: uuid.NewString(), OrderId: req.GetOrderId(), Lines: []*inventoryv1.Line{{Sku: "CUP", Quantity: 1}},
	}
	for range 2 {
		_, err = client.ReturnStock(shop, back)
		grpctest.Expect(t, "return", err, codes.OK, "")
	}
	back.Lines = append(back.Lines, pot)
	_, err = client.ReturnStock(shop, back)
	grpctest.Expect(t, "another return of the same id", err, codes.FailedPrecondition, "RETURN_MISMATCH")

	stock, err := client.ListStock(client.Staff(t), &inventoryv1.ListStockRequest{Limit: 1})
	want := &inventoryv1.ListStockResponse{NextAfter: "CUP", Stock: []*inventoryv1.Stock{
		{Level: &inventoryv1.Level{Sku: "CUP", OnHand: 3, Available: 3}, Owned: 5, Sold: 2, Committed: 2},
	}}
	if err != nil || !proto.Equal(stock, want) {
		t.Errorf("stock = %v, %v; want %v", stock, err, want)
	}
	rest, err := client.ListStock(client.Staff(t), &inventoryv1.ListStockRequest{Limit: 1, After: stock.GetNextAfter()})
	if err != nil || len(rest.GetStock()) != 1 || rest.GetNextAfter() != "" {
		t.Errorf("the rest = %v, %v", rest, err)
	}
	listed, err := client.ListReservations(client.Staff(t), &inventoryv1.ListReservationsRequest{OrderIds: []string{req.GetOrderId()}})
	if err != nil || len(listed.GetReservations()) != 1 {
		t.Fatalf("reservations = %v, %v", listed, err)
	}
	r := listed.GetReservations()[0]
	if r.GetStatus() != inventoryv1.Reservation_STATUS_COMMITTED || r.GetOrderId() != req.GetOrderId() ||
		!proto.Equal(r.GetLines()[0], req.GetLines()[0]) || !proto.Equal(r.GetReturned()[0], back.GetLines()[0]) ||
		!r.GetExpiresAt().AsTime().After(time.Now()) {
		t.Errorf("reservation = %v", r)
	}
}
