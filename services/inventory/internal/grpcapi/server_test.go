package grpcapi_test

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/access"
	"souk/platform/pgtest"
	"souk/platform/rpc"

	"souk/services/inventory/internal/grpcapi"
	"souk/services/inventory/internal/inventory"
	"souk/services/inventory/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// seed makes the key that signs these tests' tokens.
var seed = make([]byte, ed25519.SeedSize)

type keys struct{}

// Key implements access.KeySource.
func (keys) Key(context.Context, string) (ed25519.PublicKey, error) {
	return ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey), nil
}

// staff returns a context of calls by a member of the staff, through the gateway.
func staff(t *testing.T) context.Context {
	t.Helper()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, access.Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: uuid.NewString(),
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		},
		SessionID: "session", Roles: []string{access.RoleStaff},
	})
	token.Header["typ"], token.Header["kid"] = access.TokenType, "test"
	signed, err := token.SignedString(ed25519.NewKeyFromSeed(seed))
	if err != nil {
		t.Fatal(err)
	}
	return access.Outgoing(access.WithToken(t.Context(), signed), "gateway")
}

// setup returns a client of the service behind its real interceptors.
func setup(t *testing.T) inventoryv1.InventoryServiceClient {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	guard := access.NewGuard(access.NewVerifier(keys{}))
	server := rpc.NewServer(slog.New(slog.DiscardHandler), guard)
	inventoryv1.RegisterInventoryServiceServer(server, grpcapi.New(inventory.New(postgres.New(pool))))
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///inventory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return inventoryv1.NewInventoryServiceClient(conn)
}

func expect(t *testing.T, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || rpc.Reason(err) != reason {
		t.Errorf("%s: %v (%q), want %s %s", what, err, rpc.Reason(err), code, reason)
	}
}

func reservation(lines ...*inventoryv1.Line) *inventoryv1.ReserveRequest {
	return &inventoryv1.ReserveRequest{OrderId: uuid.NewString(), Lines: lines, HoldFor: durationpb.New(time.Minute)}
}

func TestStockIsOpenedSoldAndAdjusted(t *testing.T) {
	t.Parallel()
	client := setup(t)
	shop := access.Outgoing(t.Context(), "orders")
	opened, err := client.OpenStock(staff(t), &inventoryv1.OpenStockRequest{Lines: []*inventoryv1.Line{{Sku: "CUP", Quantity: 5}}, Reason: "import"})
	if err != nil || opened.GetOpened() != 1 {
		t.Fatalf("open: %v, %v", opened, err)
	}
	req := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 2})
	reserved, err := client.Reserve(shop, req)
	if left := time.Until(reserved.GetExpiresAt().AsTime()); err != nil || left <= 0 || left > time.Minute+time.Second {
		t.Fatalf("reserve: %v, %v", reserved, err)
	}
	adjusted, err := client.AdjustStock(staff(t), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"})
	if l := adjusted.GetLevel(); err != nil || l.GetOnHand() != 4 || l.GetReserved() != 2 || l.GetAvailable() != 2 {
		t.Errorf("adjust: %v, %v; want 4 on hand, 2 reserved, 2 available", l, err)
	}
	if _, err := client.CommitReservation(shop, &inventoryv1.CommitReservationRequest{OrderId: req.GetOrderId()}); err != nil {
		t.Errorf("commit: %v", err)
	}
	levels, err := client.GetLevels(access.Outgoing(t.Context(), "gateway"), &inventoryv1.GetLevelsRequest{Skus: []string{"CUP", "GHOST"}})
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
	_, err := client.Reserve(access.Outgoing(t.Context(), "orders"), reservation(lines...))
	expect(t, "reserve", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
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
	shop := access.Outgoing(t.Context(), "orders")
	req := reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 1})
	_, err := client.ReleaseReservation(shop, &inventoryv1.ReleaseReservationRequest{OrderId: req.GetOrderId()})
	expect(t, "release of nothing", err, codes.OK, "")
	_, err = client.Reserve(shop, req)
	expect(t, "reserve after release", err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = client.CommitReservation(shop, &inventoryv1.CommitReservationRequest{OrderId: req.GetOrderId()})
	expect(t, "commit after release", err, codes.FailedPrecondition, "RESERVATION_ENDED")
	_, err = client.AdjustStock(staff(t), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"})
	expect(t, "adjust below nothing", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	_, err = client.AdjustStock(staff(t), &inventoryv1.AdjustStockRequest{})
	expect(t, "adjust without anything", err, codes.InvalidArgument, rpc.ReasonValidation)
	_, err = client.ReturnStock(shop, &inventoryv1.ReturnStockRequest{
		ReturnId: uuid.NewString(), OrderId: req.GetOrderId(), Lines: req.GetLines(),
	})
	expect(t, "return of what was not sold", err, codes.FailedPrecondition, "NOT_SOLD")
	_, err = client.ReturnStock(shop, &inventoryv1.ReturnStockRequest{})
	expect(t, "return without anything", err, codes.InvalidArgument, rpc.ReasonValidation)
	_, err = client.ListStock(staff(t), &inventoryv1.ListStockRequest{Limit: -1})
	expect(t, "stock without a limit", err, codes.InvalidArgument, rpc.ReasonValidation)
	_, err = client.ListReservations(staff(t), &inventoryv1.ListReservationsRequest{After: "CUP"})
	expect(t, "reservations after none", err, codes.InvalidArgument, rpc.ReasonValidation)
	_, err = client.Reserve(shop, &inventoryv1.ReserveRequest{Lines: []*inventoryv1.Line{nil}})
	expect(t, "reserve without anything", err, codes.InvalidArgument, rpc.ReasonValidation)
}

func TestEachCallIsForItsCaller(t *testing.T) {
	t.Parallel()
	client := setup(t)
	gateway, shop := access.Outgoing(t.Context(), "gateway"), access.Outgoing(t.Context(), "orders")
	_, err := client.Reserve(gateway, reservation(&inventoryv1.Line{Sku: "CUP", Quantity: 1}))
	expect(t, "reserve by the gateway", err, codes.PermissionDenied, "")
	_, err = client.AdjustStock(shop, &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 1, Reason: "count"})
	expect(t, "adjust by orders", err, codes.Unauthenticated, "")
	_, err = client.ReturnStock(gateway, &inventoryv1.ReturnStockRequest{})
	expect(t, "return by the gateway", err, codes.PermissionDenied, "")
	_, err = client.ListStock(shop, &inventoryv1.ListStockRequest{})
	expect(t, "stock for orders", err, codes.Unauthenticated, "")
	_, err = client.ListReservations(gateway, &inventoryv1.ListReservationsRequest{})
	expect(t, "reservations for nobody", err, codes.Unauthenticated, "")
	_, err = client.GetLevels(shop, &inventoryv1.GetLevelsRequest{})
	expect(t, "levels for orders", err, codes.Unauthenticated, "")
}
