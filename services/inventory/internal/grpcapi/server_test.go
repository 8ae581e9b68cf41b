package grpcapi_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/pgfeed"
	"souk/platform/pgkey"
	"souk/platform/security"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/inventory/internal/grpcapi"
	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	inventoryv1.InventoryServiceClient
}

func setup(t testing.TB) *bundle {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	stock, keys := inventory.New(postgres.New(pool)), pgkey.NewTransaction(pool)
	b := &bundle{Server: grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		inventoryv1.RegisterInventoryServiceServer(r, grpcapi.New(stock, keys, pgfeed.New(pool, "levels", "sku")))
	})}
	b.InventoryServiceClient = inventoryv1.NewInventoryServiceClient(b.Conn)
	return b
}

func reservation(lines ...*inventoryv1.Line) *inventoryv1.ReserveRequest {
	return &inventoryv1.ReserveRequest{OrderId: uuid.NewString(), Lines: lines, HoldFor: durationpb.New(time.Minute)}
}

func TestStockIsOpenedSoldAndAdjusted(t *testing.T) {
	t.Parallel()
	client := setup(t)
	shop := grpctest.Service(t, "orders")
	opened, err := client.OpenStock(client.Staff(t), &inventoryv1.OpenStockRequest{Lines: []*inventoryv1.Line{{Sku: "CUP", Quantity: 5}}, Reason: "import"})
	if err != nil || opened.GetOpened() != 1 {
		t.Fatalf("open: %v, %v", opened, err)
	}
	req := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 2})
	reserved, err := client.Reserve(shop, req)
	if left := time.Until(reserved.GetExpiresAt().AsTime()); err != nil || left <= 0 || left > time.Minute+time.Second {
		t.Fatalf("reserve: %v, %v", reserved, err)
	}
	adjusted, err := client.AdjustStock(client.Staff(t), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"})
	if l := adjusted.GetLevel(); err != nil || l.GetOnHand() != 4 || l.GetReserved() != 2 || l.GetAvailable() != 2 {
		t.Errorf("adjust: %v, %v; want 4 on hand, 2 reserved, 2 available", l, err)
	}
	events := client.Events.Of(t, security.StockAdjusted)
	if len(events) != 2 || events[1].Subject != "CUP" || !events[1].Actor.Staff || !strings.Contains(events[1].Line, `"delta":-1`) {
		t.Errorf("security events %+v, want the opening and the adjustment by staff", events)
	}
	if _, err := client.CommitReservation(shop, &inventoryv1.CommitReservationRequest{OrderId: req.GetOrderId()}); err != nil {
		t.Errorf("commit: %v", err)
	}
	levels, err := client.GetLevels(grpctest.Service(t, "gateway"), &inventoryv1.GetLevelsRequest{Skus: []string{"CUP", "GHOST"}})
	if err != nil || len(levels.GetLevels()) != 1 || levels.GetLevels()[0].GetOnHand() != 2 || levels.GetLevels()[0].GetReserved() != 0 {
		t.Errorf("levels: %v, %v; want 2 cups", levels, err)
	}
}

// The error of the largest basket there can be still fits in what gRPC sends after an answer.
func TestEveryShortLineReachesTheCaller(t *testing.T) {
	t.Parallel()
	client := setup(t)
	lines := make([]*inventoryv1.Line, 2000)
	for i := range lines {
		lines[i] = &inventoryv1.Line{Sku: fmt.Sprintf("%0100d", i), Quantity: 1_000_000_000}
	}
	_, err := client.Reserve(grpctest.Service(t, "orders"), reservation(lines...))
	grpctest.Expect(t, "reserve", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	var shortages []*inventoryv1.Shortage
	for _, d := range status.Convert(err).Details() {
		if short, ok := d.(*inventoryv1.InsufficientStock); ok {
			shortages = short.GetShortages()
		}
	}
	if len(shortages) != len(lines) {
		t.Fatalf("%d shortages, want %d", len(shortages), len(lines))
	}
	if s := shortages[7]; s.GetSku() != lines[7].GetSku() || s.GetRequested() != 1_000_000_000 || s.GetAvailable() != 0 {
		t.Errorf("shortage = %v", s)
	}
}

func TestErrorsSayWhy(t *testing.T) {
	t.Parallel()
	client := setup(t)
	shop := grpctest.Service(t, "orders")
	req := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 1})
	_, err := client.ReleaseReservation(shop, &inventoryv1.ReleaseReservationRequest{OrderId: req.GetOrderId()})
	grpctest.Expect(t, "release of nothing", err, codes.OK, "")
	_, err = client.Reserve(shop, req)
	grpctest.Expect(t, "reserve after release", err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = client.CommitReservation(shop, &inventoryv1.CommitReservationRequest{OrderId: req.GetOrderId()})
	grpctest.Expect(t, "commit after release", err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = client.AdjustStock(client.Staff(t), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"})
	grpctest.Expect(t, "adjust below nothing", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	_, err = client.AdjustStock(client.Staff(t), &inventoryv1.AdjustStockRequest{})
	grpctest.Expect(t, "adjust without anything", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.ReturnStock(shop, &inventoryv1.ReturnStockRequest{
		ReturnId: uuid.NewString(), OrderId: req.GetOrderId(), Lines: req.GetLines(),
	})
	grpctest.Expect(t, "return of what was not sold", err, codes.FailedPrecondition, "NOT_SOLD")
	_, err = client.ReturnStock(shop, &inventoryv1.ReturnStockRequest{})
	grpctest.Expect(t, "return without anything", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.RestoreSale(shop, &inventoryv1.RestoreSaleRequest{OrderId: req.GetOrderId(), Lines: req.GetLines()})
	grpctest.Expect(t, "restoring a sale after release", err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = client.RestoreSale(shop, &inventoryv1.RestoreSaleRequest{OrderId: uuid.NewString(), Lines: req.GetLines()})
	grpctest.Expect(t, "restoring a sale without stock", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	_, err = client.ListStock(client.Staff(t), &inventoryv1.ListStockRequest{Limit: -1})
	grpctest.Expect(t, "stock without a limit", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.ListReservations(client.Staff(t), &inventoryv1.ListReservationsRequest{After: "CUP"})
	grpctest.Expect(t, "reservations after none", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.Reserve(shop, &inventoryv1.ReserveRequest{Lines: []*inventoryv1.Line{nil}})
	grpctest.Expect(t, "reserve without anything", err, codes.InvalidArgument, "VALIDATION_FAILED")
}

func TestEachCallIsForItsCaller(t *testing.T) {
	t.Parallel()
	client := setup(t)
	gateway, shop := grpctest.Service(t, "gateway"), grpctest.Service(t, "orders")
	_, err := client.Reserve(gateway, reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 1}))
	grpctest.Expect(t, "reserve by the gateway", err, codes.PermissionDenied, "")
	_, err = client.AdjustStock(shop, &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 1, Reason: "count"})
	grpctest.Expect(t, "adjust by orders", err, codes.Unauthenticated, "")
	_, err = client.ReturnStock(gateway, &inventoryv1.ReturnStockRequest{})
	grpctest.Expect(t, "return by the gateway", err, codes.PermissionDenied, "")
	_, err = client.RestoreSale(grpctest.Service(t, "mend"), &inventoryv1.RestoreSaleRequest{})
	grpctest.Expect(t, "restoring a sale by mend itself", err, codes.PermissionDenied, "")
	_, err = client.ListStock(shop, &inventoryv1.ListStockRequest{})
	grpctest.Expect(t, "stock for orders", err, codes.Unauthenticated, "")
	_, err = client.ListReservations(gateway, &inventoryv1.ListReservationsRequest{})
	grpctest.Expect(t, "reservations for nobody", err, codes.Unauthenticated, "")
	_, err = client.GetLevels(grpctest.Service(t, "audit"), &inventoryv1.GetLevelsRequest{})
	grpctest.Expect(t, "levels for nobody", err, codes.Unauthenticated, "")
}
