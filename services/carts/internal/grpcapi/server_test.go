package grpcapi_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/grpcapi"
	"souk/services/carts/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	*grpctest.Server
	cartsv1.CartsServiceClient
	pool *pgxpool.Pool
}

func setup(t testing.TB) *bundle {
	t.Helper()
	b := &bundle{pool: pgtest.New(t, postgres.Migrations)}
	b.Server = grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		cartsv1.RegisterCartsServiceServer(r, grpcapi.New(carts.New(postgres.New(b.pool))))
	})
	b.CartsServiceClient = cartsv1.NewCartsServiceClient(b.Conn)
	return b
}

func TestAGuestFillsACartThatACustomerClaimsAndOrdersCheckOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	guest, shopper, shop := grpctest.Service(t, "gateway"), b.As(t, ada), grpctest.Service(t, "orders")
	created, err := b.CreateCart(guest, &cartsv1.CreateCartRequest{})
	if err != nil || created.GetCart().GetCustomerId() != "" || time.Until(created.GetCart().GetExpiresAt().AsTime()) <= 0 {
		t.Fatalf("create: %v, %v", created, err)
	}
	id := created.GetCart().GetId()
	for _, sku := range []string{"B", "A"} {
		if _, err := b.SetItem(guest, &cartsv1.SetItemRequest{CartId: id, Sku: sku, Quantity: 2}); err != nil {
			t.Fatal(err)
		}
	}
	claimed, err := b.ClaimCart(shopper, &cartsv1.ClaimCartRequest{Id: id})
	cart := claimed.GetCart()
	if err != nil || cart.GetCustomerId() != ada || len(cart.GetLines()) != 2 || cart.GetLines()[0].GetSku() != "B" {
		t.Fatalf("claim: %v, %v", claimed, err)
	}
	order := &cartsv1.CheckOutCartRequest{CartId: cart.GetId(), OrderId: uuid.NewString(), Lines: []*cartsv1.Line{{Sku: "B", Quantity: 2}}}
	for range 2 {
		if _, err := b.CheckOutCart(shop, order); err != nil {
			t.Fatal(err)
		}
	}
	got, err := b.RemoveItem(shopper, &cartsv1.RemoveItemRequest{CartId: cart.GetId(), Sku: "nothing"})
	if err != nil || len(got.GetCart().GetLines()) != 1 || got.GetCart().GetLines()[0].GetQuantity() != 2 {
		t.Errorf("after checkout: %v, %v; want 2 of A", got, err)
	}
	_, err = b.GetCart(guest, &cartsv1.GetCartRequest{Id: id})
	grpctest.Expect(t, "the guest cart", err, codes.NotFound, "CART_NOT_FOUND")
}

func TestACustomersCartIsNotFoundByAnyoneElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	created, err := b.CreateCart(b.As(t, ada), &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetCart().GetId()
	for name, ctx := range map[string]context.Context{
		"a guest": grpctest.Service(t, "gateway"), "another customer": b.As(t, uuid.NewString()), "orders": grpctest.Service(t, "orders"),
	} {
		_, err := b.GetCart(ctx, &cartsv1.GetCartRequest{Id: id})
		grpctest.Expect(t, "get by "+name, err, codes.NotFound, "CART_NOT_FOUND")
		_, err = b.SetItem(ctx, &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1})
		grpctest.Expect(t, "set by "+name, err, codes.NotFound, "CART_NOT_FOUND")
		_, err = b.RemoveItem(ctx, &cartsv1.RemoveItemRequest{CartId: id, Sku: "A"})
		grpctest.Expect(t, "remove by "+name, err, codes.NotFound, "CART_NOT_FOUND")
	}
	_, err = b.ClaimCart(b.As(t, uuid.NewString()), &cartsv1.ClaimCartRequest{Id: id})
	grpctest.Expect(t, "claim by another customer", err, codes.NotFound, "CART_NOT_FOUND")
	_, err = b.ClaimCart(grpctest.Service(t, "gateway"), &cartsv1.ClaimCartRequest{Id: id})
	grpctest.Expect(t, "claim by a guest", err, codes.Unauthenticated, "")
	_, err = b.CheckOutCart(b.As(t, ada), &cartsv1.CheckOutCartRequest{CartId: id, OrderId: "order"})
	grpctest.Expect(t, "checkout by its customer", err, codes.PermissionDenied, "")
}

func TestACustomersOpenCartIsTheCurrentOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	shopper := b.As(t, uuid.NewString())
	for range 2 { // asking opens none
		_, err := b.GetCurrentCart(shopper, &cartsv1.GetCurrentCartRequest{})
		grpctest.Expect(t, "without a cart", err, codes.NotFound, "CART_NOT_FOUND")
	}
	created, err := b.CreateCart(shopper, &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	want, err := b.SetItem(shopper, &cartsv1.SetItemRequest{CartId: created.GetCart().GetId(), Sku: "A", Quantity: 2})
	if err != nil {
		t.Fatal(err)
	}
	got, err := b.GetCurrentCart(shopper, &cartsv1.GetCurrentCartRequest{})
	if err != nil || got.GetCart().GetId() != created.GetCart().GetId() || !proto.Equal(got.GetCart().GetLines()[0], want.GetCart().GetLines()[0]) {
		t.Errorf("current: %v, %v; want %v", got, err, want)
	}
	_, err = b.GetCurrentCart(b.As(t, uuid.NewString()), &cartsv1.GetCurrentCartRequest{})
	grpctest.Expect(t, "another customer's", err, codes.NotFound, "CART_NOT_FOUND")
	_, err = b.GetCurrentCart(grpctest.Service(t, "gateway"), &cartsv1.GetCurrentCartRequest{})
	grpctest.Expect(t, "a guest's", err, codes.Unauthenticated, "")
}

func TestAnExpiredCartIsNotTheCurrentOne(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	if _, err := b.CreateCart(b.As(t, ada), &cartsv1.CreateCartRequest{}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), `UPDATE carts SET expires_at = now()`); err != nil {
		t.Fatal(err)
	}
	_, err := b.GetCurrentCart(b.As(t, ada), &cartsv1.GetCurrentCartRequest{})
	grpctest.Expect(t, "an expired cart", err, codes.NotFound, "CART_NOT_FOUND")
}

func TestErrorsCarryTheirReasons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest := grpctest.Service(t, "gateway")
	created, err := b.CreateCart(guest, &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetCart().GetId()
	_, err = b.SetItem(guest, &cartsv1.SetItemRequest{CartId: id, Sku: "A\x00", Quantity: 0})
	grpctest.Expect(t, "bad input", err, codes.InvalidArgument, "VALIDATION_FAILED")
	if got := rpc.Violations(err); len(got) != 2 || got[0].Field != "sku" || got[1].Field != "quantity" {
		t.Errorf("violations = %v, want sku and quantity", got)
	}
	if _, err := b.pool.Exec(t.Context(), `INSERT INTO cart_lines (cart_id, sku, quantity)
		SELECT $1, n, 1 FROM generate_series(1, $2::int) AS n`, id, carts.MaxLines); err != nil {
		t.Fatal(err)
	}
	_, err = b.SetItem(guest, &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1})
	grpctest.Expect(t, "line 2,001", err, codes.FailedPrecondition, "CART_FULL")
}
