package journey

import (
	"encoding/json"
	"net/http"
	"testing"

	"souk/e2e/shop"
)

func TestACustomerExportsEverything(t *testing.T) {
	t.Parallel()
	c, sku := customer(t), stocked(t, 500, 3)
	if err := c.Do(t.Context(), http.MethodPost, "/v1/me/addresses", leeds, nil); err != nil {
		t.Fatal(err)
	}
	order := buy(t, c, sku, 1)
	var cart shop.Cart
	if err := c.Do(t.Context(), http.MethodPost, "/v1/carts", nil, &cart); err != nil {
		t.Fatal(err)
	}
	if err := c.Do(t.Context(), http.MethodPut, "/v1/carts/"+cart.ID+"/items/"+sku, map[string]int{"quantity": 2}, nil); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Account   shop.Customer   `json:"account"`
		Addresses []shop.Address  `json:"addresses"`
		Sessions  []openSession   `json:"sessions"`
		SignIn    json.RawMessage `json:"sign_in"`
		Orders    []shop.Order    `json:"orders"`
		Cart      struct {
			ID    string `json:"id"`
			Lines []struct {
				SKU      string `json:"sku"`
				Quantity int    `json:"quantity"`
			} `json:"lines"`
		} `json:"cart"`
	}
	if err := c.Do(t.Context(), http.MethodGet, "/v1/me/export", nil, &got); err != nil {
		t.Fatal(err)
	}
	if len(got.Addresses) != 1 || got.Addresses[0].City != leeds.City || len(got.Sessions) != 1 || !got.Sessions[0].Current || len(got.SignIn) == 0 {
		t.Errorf("%+v", got)
	}
	if len(got.Orders) != 1 || got.Orders[0].ID != order.ID || got.Orders[0].Totals.Total != order.Totals.Total {
		t.Errorf("orders: %+v", got.Orders)
	}
	if got.Cart.ID != cart.ID || len(got.Cart.Lines) != 1 || got.Cart.Lines[0].SKU != sku || got.Cart.Lines[0].Quantity != 2 {
		t.Errorf("cart: %+v", got.Cart)
	}
}
