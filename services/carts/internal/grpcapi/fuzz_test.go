package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/testkit/grpctest"
)

func FuzzHandlers(f *testing.F) {
	b := setup(f)
	owner := uuid.NewString()
	guest, err := b.CreateCart(grpctest.Service(f, "gateway"), &cartsv1.CreateCartRequest{})
	if err != nil {
		f.Fatal(err)
	}
	own, err := b.CreateCart(b.As(f, owner), &cartsv1.CreateCartRequest{})
	if err != nil {
		f.Fatal(err)
	}
	b.Fuzz(f, cartsv1.File_souk_carts_v1_carts_proto, owner,
		&cartsv1.GetCartRequest{Id: guest.GetCart().GetId()},
		&cartsv1.GetCurrentCartRequest{},
		&cartsv1.SetItemRequest{CartId: own.GetCart().GetId(), Sku: "MUG", Quantity: 3},
		&cartsv1.RemoveItemRequest{CartId: own.GetCart().GetId(), Sku: "MUG"},
		&cartsv1.ClaimCartRequest{Id: guest.GetCart().GetId()},
		&cartsv1.CheckOutCartRequest{
			CartId: own.GetCart().GetId(), OrderId: uuid.NewString(), Lines: []*cartsv1.Line{{Sku: "MUG", Quantity: 1}},
		},
	)
}
