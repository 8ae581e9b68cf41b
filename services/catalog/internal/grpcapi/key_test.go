package grpcapi_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/testkit/grpctest"
)

// keyed returns ctx for a call with an idempotency key.
func keyed(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "idempotency-key-bin", key)
}

func TestAProductWithAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	client := setup(t)
	staff := client.Staff(t)
	req := &catalogv1.CreateProductRequest{Product: lamp()}
	first, err := client.CreateProduct(keyed(staff, "k"), req)
	if err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	again, err := client.CreateProduct(keyed(staff, "k"), req, grpc.Header(&header))
	if err != nil || !proto.Equal(again, first) || len(header.Get("idempotent-replay")) != 1 {
		t.Errorf("again: %v, %v, header %v; want %v", again, err, header, first)
	}
	_, err = client.CreateProduct(keyed(staff, "other"), req)
	grpctest.Expect(t, "another key", err, codes.AlreadyExists, "SLUG_TAKEN")
	other := lamp()
	other.Title = "Another lamp"
	_, err = client.CreateProduct(keyed(staff, "k"), &catalogv1.CreateProductRequest{Product: other})
	grpctest.Expect(t, "another product", err, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED")
}

// A slug that is taken fails within the key's transaction, which goes on with the next one.
func TestAProductWithAKeyGetsASlugThatIsFree(t *testing.T) {
	t.Parallel()
	client := setup(t)
	staff := client.Staff(t)
	plain := func(sku string) *catalogv1.CreateProductRequest {
		return &catalogv1.CreateProductRequest{Product: &catalogv1.ProductInput{Title: "Lamp", Variants: []*catalogv1.Variant{{Sku: sku, Price: pounds(400)}}}}
	}
	for i, slug := range []string{"lamp", "lamp-2", "lamp-3"} {
		made, err := client.CreateProduct(keyed(staff, slug), plain(slug))
		if err != nil || made.GetProduct().GetSlug() != slug {
			t.Errorf("product %d: %v, %v; want the slug %s", i, made, err, slug)
		}
	}
	_, err := client.CreateProduct(keyed(staff, "k"), plain("lamp"))
	grpctest.Expect(t, "a SKU that is taken", err, codes.AlreadyExists, "SKU_TAKEN")
	if _, err := client.CreateProduct(keyed(staff, "k"), plain("new")); err != nil {
		t.Errorf("the key after a refusal: %v", err)
	}
}
