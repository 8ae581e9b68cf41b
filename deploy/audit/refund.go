package audit

import (
	"fmt"
	"maps"
	"slices"

	ordersv1 "souk/proto/gen/souk/orders/v1"
)

// paidBackOnce judges that refunds pay for no piece twice, and for the shipping once at most.
func paidBackOnce(f facts) (finding, bool) {
	var left Sums
	for _, l := range f.order.GetLines() {
		left = left.add(l.GetQuantity(), l.GetSku())
	}
	shipping := 0
	for _, refund := range f.order.GetRefunds() {
		if refund.GetStatus() == ordersv1.Refund_STATUS_FAILED {
			continue
		}
		for _, l := range refund.GetLines() {
			left = left.add(-l.GetQuantity(), l.GetSku())
		}
		if refund.GetShipping() {
			shipping++
		}
	}
	found := amount(f.refunds(ordersv1.Refund_STATUS_SUCCEEDED))
	if shipping > 1 {
		found.wrong = fmt.Sprintf("the shipping was paid back %d times", shipping)
	}
	for _, sku := range slices.Sorted(maps.Keys(left)) {
		if left[sku] < 0 {
			found.wrong = fmt.Sprintf("of %s it paid back %d pieces too many", sku, -left[sku])
		}
	}
	return found, len(f.order.GetRefunds()) > 0
}
