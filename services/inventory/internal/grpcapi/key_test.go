package grpcapi_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/access"
	"souk/testkit/grpctest"
)

// keyed returns ctx for a call with an idempotency key.
func keyed(ctx context.Context, key string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, "idempotency-key-bin", key)
}

func replayed(header metadata.MD) bool { return len(header.Get("idempotent-replay")) > 0 }

func TestAnAdjustmentWithAKeyIsMadeOnce(t *testing.T) {
	t.Parallel()
	client := setup(t)
	staff := client.Staff(t)
	req := &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 5, Reason: "delivery"}
	first, err := client.AdjustStock(keyed(staff, "k"), req)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.AdjustStock(staff, &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"}); err != nil {
		t.Fatal(err)
	}
	var header metadata.MD
	again, err := client.AdjustStock(keyed(staff, "k"), req, grpc.Header(&header))
	if err != nil || !proto.Equal(again, first) || !replayed(header) {
		t.Errorf("again: %v, %v, replayed %t; want %v", again, err, replayed(header), first)
	}
	_, err = client.AdjustStock(keyed(staff, "k"), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 6, Reason: "delivery"})
	grpctest.Expect(t, "another request", err, codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED")
	other, err := client.AdjustStock(keyed(client.As(t, uuid.NewString(), access.RoleStaff), "k"), req)
	if err != nil || other.GetLevel().GetOnHand() != 9 {
		t.Errorf("another member of staff: %v, %v; want 9 on hand", other, err)
	}
}

func TestARefusedAdjustmentLeavesItsKeyUnused(t *testing.T) {
	t.Parallel()
	client := setup(t)
	staff := client.Staff(t)
	_, err := client.AdjustStock(keyed(staff, "k"), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 0, Reason: "nothing"})
	grpctest.Expect(t, "no delta", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = client.AdjustStock(keyed(staff, "k"), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: -1, Reason: "broken"})
	grpctest.Expect(t, "less than nothing", err, codes.FailedPrecondition, "INSUFFICIENT_STOCK")
	answer, err := client.AdjustStock(keyed(staff, "k"), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 1, Reason: "found"})
	if err != nil || answer.GetLevel().GetOnHand() != 1 {
		t.Errorf("%v, %v; want 1 on hand", answer, err)
	}
}

func TestAKeyThatIsNoLineIsRefused(t *testing.T) {
	t.Parallel()
	client := setup(t)
	for _, key := range []string{"", " ", "two\nlines", "\xff", strings.Repeat("k", 256)} {
		_, err := client.AdjustStock(keyed(client.Staff(t), key), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 1, Reason: "found"})
		grpctest.Expect(t, "key "+key, err, codes.InvalidArgument, "VALIDATION_FAILED")
	}
	if _, err := client.AdjustStock(keyed(client.Staff(t), strings.Repeat("ü", 255)), &inventoryv1.AdjustStockRequest{Sku: "CUP", Delta: 1, Reason: "found"}); err != nil {
		t.Errorf("255 characters: %v", err)
	}
}
