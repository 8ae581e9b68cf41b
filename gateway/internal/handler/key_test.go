package handler_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	errorsv1 "souk/proto/gen/souk/errors/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"

	"souk/platform/rpc"
)

const (
	adjustStock = inventoryv1.InventoryService_AdjustStock_FullMethodName
	adjustment  = `{"delta": 5, "reason": "delivery"}`
)

func TestAKeyReachesTheServiceThatStoresIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	var key string
	on(s, adjustStock, func(ctx context.Context, _ *inventoryv1.AdjustStockRequest) (*inventoryv1.AdjustStockResponse, error) {
		key = strings.Join(metadata.ValueFromIncomingContext(ctx, "idempotency-key-bin"), " ")
		if key != "ключ" {
			return &inventoryv1.AdjustStockResponse{}, nil
		}
		return &inventoryv1.AdjustStockResponse{}, grpc.SetHeader(ctx, metadata.Pairs("idempotent-replay", "true"))
	})
	adjust := func(headers ...string) reply {
		t.Helper()
		return s.send(t, staff, "POST", "/v1/inventory/SKU-0001/adjustments", adjustment, headers...)
	}
	r := adjust("Idempotency-Key", "k")
	if r.mustBe(t, 201, ""); key != "k" || r.header.Get("Idempotent-Replay") != "" {
		t.Errorf("came with the key %q, replay %q", key, r.header.Get("Idempotent-Replay"))
	}
	r = adjust("Idempotency-Key", "ключ")
	if r.mustBe(t, 201, ""); key != "ключ" || r.header.Get("Idempotent-Replay") != "true" {
		t.Errorf("came with the key %q, replay %q", key, r.header.Get("Idempotent-Replay"))
	}
	if adjust().mustBe(t, 201, ""); key == "" || key == "k" {
		t.Errorf("without a key of the client's it came with %q, want a new one", key)
	}
	for reason, want := range map[rpc.ErrorReason]struct {
		status int
		code   string
	}{
		errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_KEY_REUSED:  {422, "idempotency_key_reused"},
		errorsv1.ErrorReason_ERROR_REASON_IDEMPOTENCY_IN_PROGRESS: {409, "idempotency_in_progress"},
	} {
		s.fail(adjustStock, rpc.Error(codes.Aborted, reason, "no"))
		adjust("Idempotency-Key", "k").refused(t, want.status, want.code)
	}
}
