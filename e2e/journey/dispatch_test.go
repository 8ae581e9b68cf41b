package journey

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/e2e/shop"
)

func TestNoMoneyIsTakenForAParcelThatShippingRefuses(t *testing.T) {
	t.Parallel()
	if running == nil {
		t.Skip("the databases of a shop that SOUK_URL names are not reachable from here")
	}
	c, keeper := customer(t), staff(t)
	order := buy(t, c, stocked(t, 500, 4), 1)
	dispatch := "/v1/admin/orders/" + order.ID + "/dispatch"
	option := chooseOption(t, order.ID, "withdrawn")
	for range 2 {
		problem := problemOf(t, keeper.Do(t.Context(), http.MethodPost, dispatch, nil, nil), http.StatusConflict, "not_dispatchable")
		if !strings.Contains(problem.Detail, "unknown shipping option") {
			t.Errorf("detail %q does not say why", problem.Detail)
		}
	}
	refused, err := c.Order(t.Context(), order.ID)
	if err != nil || refused.Status != "confirmed" || refused.Payment.Status != "authorized" || refused.Payment.Captured.Amount != 0 {
		t.Errorf("order = %s, payment %+v, %v; want confirmed, with nothing captured", refused.Status, refused.Payment, err)
	}
	chooseOption(t, order.ID, option)
	var dispatched shop.Order
	if err := keeper.Do(t.Context(), http.MethodPost, dispatch, nil, &dispatched); err != nil {
		t.Fatal(err)
	}
	if dispatched.Status != "fulfilled" || dispatched.Payment.Captured != order.Totals.Total {
		t.Errorf("order = %s, payment %+v", dispatched.Status, dispatched.Payment)
	}
}

// chooseOption changes how an order is sent, and returns how it was to be sent before.
func chooseOption(t *testing.T, orderID, option string) (before string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), running.DatabaseURL("orders", "orders"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), `SELECT shipping_option FROM orders WHERE id = $1`, orderID).Scan(&before); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `UPDATE orders SET shipping_option = $2 WHERE id = $1`, orderID, option); err != nil {
		t.Fatal(err)
	}
	return before
}
