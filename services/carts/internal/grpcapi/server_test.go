package grpcapi_test

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
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

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/access"
	"souk/platform/mongotest"
	"souk/platform/rpc"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/grpcapi"
	"souk/services/carts/internal/mongo"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

// bundle is the service behind its real interceptors.
type bundle struct {
	cartsv1.CartsServiceClient
	store   *mongo.Store
	private ed25519.PrivateKey
}

// Key implements access.KeySource.
func (b *bundle) Key(context.Context, string) (ed25519.PublicKey, error) {
	return b.private.Public().(ed25519.PublicKey), nil
}

func setup(t *testing.T) *bundle {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	b := &bundle{store: mongo.New(mongotest.New(t)), private: private}
	guard := access.NewGuard(access.NewVerifier(b))
	server := rpc.NewServer(slog.New(slog.DiscardHandler), guard)
	cartsv1.RegisterCartsServiceServer(server, grpcapi.New(carts.New(b.store)))
	if err := guard.Learn(server); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 20)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	conn, err := grpc.NewClient("passthrough:///carts", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	b.CartsServiceClient = cartsv1.NewCartsServiceClient(conn)
	return b
}

// as returns a context of calls by a customer, "" for a guest, through a service of the shop.
func (b *bundle) as(t *testing.T, customer, service string) context.Context {
	t.Helper()
	ctx := t.Context()
	if customer != "" {
		token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, access.Claims{
			RegisteredClaims: jwt.RegisteredClaims{
				Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: customer,
				ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
			},
			SessionID: "session",
		})
		token.Header["typ"], token.Header["kid"] = access.TokenType, "test"
		signed, err := token.SignedString(b.private)
		if err != nil {
			t.Fatal(err)
		}
		ctx = access.WithToken(ctx, signed)
	}
	return access.Outgoing(ctx, service)
}

func expect(t *testing.T, what string, err error, code codes.Code, reason string) {
	t.Helper()
	if status.Code(err) != code || rpc.Reason(err) != reason {
		t.Errorf("%s: %v (%q), want %s %s", what, err, rpc.Reason(err), code, reason)
	}
}

func TestAGuestFillsACartThatACustomerClaimsAndOrdersCheckOut(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	guest, shopper, shop := b.as(t, "", "gateway"), b.as(t, ada, "gateway"), b.as(t, "", "orders")
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
	expect(t, "the guest cart", err, codes.NotFound, "CART_NOT_FOUND")
}

func TestACustomersCartIsNotFoundByAnyoneElse(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	created, err := b.CreateCart(b.as(t, ada, "gateway"), &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetCart().GetId()
	for name, ctx := range map[string]context.Context{
		"a guest": b.as(t, "", "gateway"), "another customer": b.as(t, uuid.NewString(), "gateway"), "orders": b.as(t, "", "orders"),
	} {
		_, err := b.GetCart(ctx, &cartsv1.GetCartRequest{Id: id})
		expect(t, "get by "+name, err, codes.NotFound, "CART_NOT_FOUND")
		_, err = b.SetItem(ctx, &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1})
		expect(t, "set by "+name, err, codes.NotFound, "CART_NOT_FOUND")
		_, err = b.RemoveItem(ctx, &cartsv1.RemoveItemRequest{CartId: id, Sku: "A"})
		expect(t, "remove by "+name, err, codes.NotFound, "CART_NOT_FOUND")
	}
	_, err = b.ClaimCart(b.as(t, uuid.NewString(), "gateway"), &cartsv1.ClaimCartRequest{Id: id})
	expect(t, "claim by another customer", err, codes.NotFound, "CART_NOT_FOUND")
	_, err = b.ClaimCart(b.as(t, "", "gateway"), &cartsv1.ClaimCartRequest{Id: id})
	expect(t, "claim by a guest", err, codes.Unauthenticated, "")
	_, err = b.CheckOutCart(b.as(t, ada, "gateway"), &cartsv1.CheckOutCartRequest{CartId: id, OrderId: "order"})
	expect(t, "checkout by its customer", err, codes.PermissionDenied, "")
}

func TestErrorsCarryTheirReasons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	guest := b.as(t, "", "gateway")
	created, err := b.CreateCart(guest, &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	id := created.GetCart().GetId()
	_, err = b.SetItem(guest, &cartsv1.SetItemRequest{CartId: id, Sku: "A\x00", Quantity: 0})
	expect(t, "bad input", err, codes.InvalidArgument, rpc.ReasonValidation)
	if got := rpc.Violations(err); len(got) != 2 || got[0].Field != "sku" || got[1].Field != "quantity" {
		t.Errorf("violations = %v, want sku and quantity", got)
	}
	full, err := b.store.Find(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	full.Lines = make([]carts.Line, carts.MaxLines)
	if _, err := b.store.Replace(t.Context(), full); err != nil {
		t.Fatal(err)
	}
	_, err = b.SetItem(guest, &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1})
	expect(t, "line 2,001", err, codes.FailedPrecondition, "CART_FULL")
}
