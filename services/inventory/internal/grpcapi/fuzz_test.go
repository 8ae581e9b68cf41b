package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	cups := []*inventoryv1.Line{{Sku: "CUP", Quantity: 1_000_000}}
	if _, err := b.OpenStock(b.Staff(f), &inventoryv1.OpenStockRequest{Lines: cups, Reason: "import"}); err != nil {
		f.Fatal(err)
	}
	hold := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 2})
	order := hold.GetOrderId()
	b.Fuzz(f, inventoryv1.File_souk_inventory_v1_inventory_proto, uuid.NewString(),
		&inventoryv1.GetLevelsRequest{Skus: []string{"CUP", "POT"}},
		&inventoryv1.WatchAvailabilityRequest{Position: "1"},
		&inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 5, Reason: "found"},
		&inventoryv1.OpenStockRequest{Lines: []*inventoryv1.Line{{Sku: "POT", Quantity: 3}}, Reason: "import"},
		hold,
		&inventoryv1.CommitReservationRequest{OrderId: order},
		&inventoryv1.ReleaseReservationRequest{OrderId: order},
		&inventoryv1.ReturnStockRequest{ReturnId: uuid.NewString(), OrderId: order, Lines: []*inventoryv1.Line{{Sku: "CUP", Quantity: 1}}},
		&inventoryv1.ListStockRequest{Limit: 10, After: "A"},
		&inventoryv1.ListReservationsRequest{Limit: 10, OrderIds: []string{order}},
	)
}
