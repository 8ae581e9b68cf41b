package grpcapi_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "souk/proto/gen/souk/access/v1"
	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/testkit/grpctest"
)

// asking has, for each field that names what is owned, a call with an id in it.
var asking = map[string]func(ctx context.Context, b *bundle, id string) error{
	"GetCart.id": func(ctx context.Context, b *bundle, id string) error {
		_, err := b.GetCart(ctx, &cartsv1.GetCartRequest{Id: id})
		return err
	},
	"SetItem.cart_id": func(ctx context.Context, b *bundle, id string) error {
		_, err := b.SetItem(ctx, &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1})
		return err
	},
	"RemoveItem.cart_id": func(ctx context.Context, b *bundle, id string) error {
		_, err := b.RemoveItem(ctx, &cartsv1.RemoveItemRequest{CartId: id, Sku: "A"})
		return err
	},
	"ClaimCart.id": func(ctx context.Context, b *bundle, id string) error {
		_, err := b.ClaimCart(ctx, &cartsv1.ClaimCartRequest{Id: id})
		return err
	},
}

func TestACustomersCartIsAnsweredLikeOneThatDoesNotExist(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada := uuid.NewString()
	shopper := b.As(t, ada)
	created, err := b.CreateCart(shopper, &cartsv1.CreateCartRequest{})
	if err != nil {
		t.Fatal(err)
	}
	methods := cartsv1.File_souk_carts_v1_carts_proto.Services().ByName("CartsService").Methods()
	for i := range methods.Len() {
		rule := proto.GetExtension(methods.Get(i).Options(), accessv1.E_Rule).(*accessv1.Rule)
		for _, field := range rule.GetOwned() {
			name := string(methods.Get(i).Name()) + "." + field
			ask, ok := asking[name]
			if !ok {
				t.Errorf("%s is not asked for", name)
				continue
			}
			if err := ask(shopper, b, created.GetCart().GetId()); err != nil {
				t.Errorf("%s: one's own: %v", name, err)
			}
			strangers := map[string]context.Context{"another customer": b.As(t, uuid.NewString()), "staff": b.Staff(t)}
			if rule.GetAnyone() {
				strangers["a guest"] = grpctest.Service(t, "gateway")
			}
			for who, ctx := range strangers {
				missing, theirs := ask(ctx, b, uuid.NewString()), ask(ctx, b, created.GetCart().GetId())
				if status.Code(missing) != codes.NotFound || !proto.Equal(status.Convert(missing).Proto(), status.Convert(theirs).Proto()) {
					t.Errorf("%s by %s: someone else's: %v, what does not exist: %v", name, who, theirs, missing)
				}
			}
		}
	}
}

func TestCustomersEraseTheirOwnCartAlone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ada, bob := uuid.NewString(), uuid.NewString()
	for _, id := range []string{ada, bob} {
		if _, err := b.SetItem(b.As(t, id), &cartsv1.SetItemRequest{CartId: id, Sku: "A", Quantity: 1}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		if _, err := b.EraseCustomer(b.As(t, ada), &cartsv1.EraseCustomerRequest{}); err != nil {
			t.Fatal(err)
		}
		var left []string
		if err := b.pool.QueryRow(t.Context(), `SELECT array_agg(id) FROM carts`).Scan(&left); err != nil || !slices.Equal(left, []string{bob}) {
			t.Errorf("left are %v, %v; want the other's", left, err)
		}
	}
	_, err := b.EraseCustomer(grpctest.Service(t, "gateway"), &cartsv1.EraseCustomerRequest{})
	grpctest.Expect(t, "erasure of a guest", err, codes.Unauthenticated, "")
}
