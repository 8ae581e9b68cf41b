package journey

import (
	"net/http"
	"strings"
	"testing"

	"souk/e2e/testshop"
)

func TestACustomerIsToldOfEachEventOfAnOrder(t *testing.T) {
	t.Parallel()
	needsMails(t)
	address := email()
	c, _, err := anonymous().Register(t.Context(), address, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	sku := stocked(t, 500, 4)
	order := delivered(t, c, sku, 2)
	goods, err := c.RequestReturn(t.Context(), order.ID, sendBack(sku, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+goods.ID+"/receive", nil, nil); err != nil {
		t.Fatal(err)
	}
	order, err = c.Order(t.Context(), order.ID)
	if err != nil {
		t.Fatal(err)
	}
	for subject, want := range map[string]string{
		"Your order " + order.Number + " is confirmed":  "Thing " + sku,
		"Your order " + order.Number + " is on its way": order.Shipments[0].TrackingNumber,
		"Your order " + order.Number + " was delivered": "Thing " + sku,
		testshop.ReturnReceived:                         "5.00 GBP",
		"Your refund for order " + order.Number:         "5.00 GBP",
	} {
		mails, err := running.Mails(t.Context(), address, subject, 1)
		if err != nil {
			t.Error(err)
			continue
		}
		if text := mails[0].Text; len(mails) != 1 || !strings.Contains(text, want) || !strings.Contains(text, order.Number) || strings.Contains(text, leeds.Name) {
			t.Errorf("%d mails %q: %s", len(mails), subject, text)
		}
	}
}

func TestACustomerIsToldOfACancellation(t *testing.T) {
	t.Parallel()
	needsMails(t)
	address := email()
	c, _, err := anonymous().Register(t.Context(), address, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	order := buy(t, c, stocked(t, 500, 1), 1)
	if err := c.Do(t.Context(), http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := running.Mails(t.Context(), address, "Your order "+order.Number+" is cancelled", 1); err != nil {
		t.Error(err)
	}
}
