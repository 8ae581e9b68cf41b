package grpcapi

import (
	"strings"
	"testing"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/services/orders/internal/order"
)

// It reads the domain's source, so that a reason which is added there is missed here, whether or not a test rejects an order for it.
func TestTheContractHasEveryReasonForARejection(t *testing.T) {
	t.Parallel()
	reasons := constantsOf(t, "../order", "RejectionReason")
	if listed := len(ordersv1.Rejection_Reason_name) - 1; len(reasons) != listed {
		t.Errorf("orders has %d reasons, the contract lists %d: %v", len(reasons), listed, reasons)
	}
	for _, reason := range reasons {
		want := "REASON_" + strings.ToUpper(reason)
		if got := rejectionProto(&order.Rejection{Reason: order.RejectionReason(reason)}).GetReason().String(); got != want {
			t.Errorf("an order rejected for %q is sent with %s, want %s", reason, got, want)
		}
	}
}
