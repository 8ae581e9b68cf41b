package journey

import (
	"net/http"
	"reflect"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// desk is a member of staff who handles returns.
type desk struct {
	*shop.Client
	id string
}

func atDesk(t *testing.T) desk {
	t.Helper()
	keeper := desk{Client: staff(t)}
	var me struct {
		ID string `json:"id"`
	}
	if err := keeper.Do(t.Context(), http.MethodGet, "/v1/me", nil, &me); err != nil {
		t.Fatal(err)
	}
	keeper.id = me.ID
	return keeper
}

// handle posts a decision about a return.
func (d desk) handle(t *testing.T, id, decision string, body any) (shop.Return, error) {
	t.Helper()
	var goods shop.Return
	err := d.Do(t.Context(), http.MethodPost, "/v1/admin/returns/"+id+"/"+decision, body, &goods)
	return goods, err
}

func (d desk) refund(t *testing.T, orderID string, body map[string]any) (shop.Refund, error) {
	t.Helper()
	var refund shop.Refund
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	err := d.Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+orderID+"/refunds", body, &refund, key)
	return refund, err
}

func mustRequest(t *testing.T, c *shop.Client, orderID, sku string, quantity int64) shop.Return {
	t.Helper()
	goods, err := c.RequestReturn(t.Context(), orderID, sendBack(sku, quantity))
	if err != nil {
		t.Fatal(err)
	}
	return goods
}

func lines(sku string, quantity int64) []shop.ReturnLine {
	return []shop.ReturnLine{{SKU: sku, Quantity: quantity}}
}

func TestAReturnIsRefusedOrWithdrawnAndAskedForAgain(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 4000, 3)
	c, keeper := customer(t), atDesk(t)
	order := delivered(t, c, sku, 2)
	first := mustRequest(t, c, order.ID, sku, 2)
	for _, reason := range []string{"It was worn", "It was used"} {
		refused, err := keeper.handle(t, first.ID, "refusal", map[string]any{"reason": reason})
		if err != nil || refused.Status != "refused" || refused.RefusalReason != "It was worn" {
			t.Fatalf("refused %+v, %v", refused, err)
		}
	}
	second := mustRequest(t, c, order.ID, sku, 2)
	path := "/v1/orders/" + order.ID + "/returns/"
	wantProblem(t, customer(t).Do(t.Context(), http.MethodDelete, path+second.ID, nil, nil), http.StatusNotFound, "not_found")
	for range 2 {
		var withdrawn shop.Return
		if err := c.Do(t.Context(), http.MethodDelete, path+second.ID, nil, &withdrawn); err != nil || withdrawn.Status != "withdrawn" {
			t.Fatalf("withdrawn %+v, %v", withdrawn, err)
		}
	}
	wantProblem(t, c.Do(t.Context(), http.MethodDelete, path+first.ID, nil, nil), http.StatusConflict, "not_returnable")
	for _, id := range []string{first.ID, second.ID} {
		_, err := keeper.handle(t, id, "receive", nil)
		wantProblem(t, err, http.StatusConflict, "not_returnable")
	}
	third := mustRequest(t, c, order.ID, sku, 1)
	if err := c.Do(t.Context(), http.MethodPost, "/v1/me/deletion", map[string]any{"password": password}, nil); err != nil {
		t.Errorf("the account with a return that never comes: %v", err)
	}
	if received, err := keeper.handle(t, third.ID, "receive", nil); err != nil || received.Status != "refunded" {
		t.Errorf("it came after all: %+v, %v", received, err)
	}
}

func TestAPartOfAReturnComesAndSomeOfItIsDamaged(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 4000, 5)
	c, keeper := customer(t), atDesk(t)
	order := delivered(t, c, sku, 4)
	goods := mustRequest(t, c, order.ID, sku, 4)
	part := func(quantity int64, restock bool) map[string]any {
		return map[string]any{"sku": sku, "quantity": quantity, "restock": restock}
	}
	_, err := keeper.handle(t, goods.ID, "receive", map[string]any{"lines": []any{part(5, true)}})
	if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); problem.Errors[0].Field != "lines[0].quantity" {
		t.Errorf("more than was announced: %+v", problem.Errors)
	}
	_, err = keeper.handle(t, goods.ID, "receive", map[string]any{"lines": []any{map[string]any{"sku": "OTHER", "quantity": 1}}})
	if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); problem.Errors[0].Field != "lines[0].sku" {
		t.Errorf("not announced: %+v", problem.Errors)
	}
	received, err := keeper.handle(t, goods.ID, "receive", map[string]any{"lines": []any{part(1, true), part(1, false)}, "refund_shipping": true})
	want := 2*4000 + order.Totals.Shipping.Amount
	if err != nil || received.Status != "refunded" || !received.RefundShipping || received.RefundAmount.Amount != want || received.Amount.Amount != 2*4000 {
		t.Fatalf("received %+v, %v; want a refund of %d", received, err, want)
	}
	if !reflect.DeepEqual(received.Lines, lines(sku, 2)) || !reflect.DeepEqual(received.NotRestocked, lines(sku, 1)) {
		t.Errorf("received %+v", received)
	}
	if left := available(t, sku); left != 2 {
		t.Errorf("%d pieces are left, want the one that was not sold and the one that came back whole", left)
	}
	again := mustRequest(t, c, order.ID, sku, 2)
	received, err = keeper.handle(t, again.ID, "receive", map[string]any{"refund_shipping": true})
	if err != nil || received.RefundShipping || received.RefundAmount.Amount != 2*4000 {
		t.Errorf("the rest: %+v, %v; want no shipping a second time", received, err)
	}
	keeper.mustHaveDecided(t, c, order.ID, "return_received", "refunded", "dispatched")
}

// mustHaveDecided checks that the timeline names the member of staff for some events, to staff and to nobody else.
func (d desk) mustHaveDecided(t *testing.T, c *shop.Client, orderID string, events ...string) {
	t.Helper()
	shown, err := d.Order(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	deciders := map[string]string{}
	for _, entry := range shown.Timeline {
		deciders[entry.Event] = entry.ActorID
	}
	for _, event := range events {
		if deciders[event] != d.id {
			t.Errorf("%s was decided by %q, want %q", event, deciders[event], d.id)
		}
	}
	own, err := c.Order(t.Context(), orderID)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range own.Timeline {
		if entry.ActorID != "" {
			t.Errorf("the customer sees who has decided %s", entry.Event)
		}
	}
}

func TestNoPieceIsPaidBackTwice(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 4000, 2)
	c, keeper := customer(t), atDesk(t)
	order := delivered(t, c, sku, 2)
	refund, err := keeper.refund(t, order.ID, map[string]any{"lines": lines(sku, 1), "reason": "damaged"})
	if err != nil || refund.Amount.Amount != 4000 || !reflect.DeepEqual(refund.Lines, lines(sku, 1)) || refund.Shipping {
		t.Fatalf("refund %+v, %v", refund, err)
	}
	received, err := keeper.handle(t, mustRequest(t, c, order.ID, sku, 2).ID, "receive", nil)
	if err != nil || received.RefundAmount.Amount != 4000 {
		t.Errorf("received %+v, %v; want 40 more", received, err)
	}
	_, err = keeper.refund(t, order.ID, map[string]any{"lines": lines(sku, 1), "reason": "damaged"})
	if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); problem.Errors[0].Field != "lines[0].quantity" {
		t.Errorf("a third time: %+v", problem.Errors)
	}
	order, err = c.Order(t.Context(), order.ID)
	if err != nil || order.Payment.Refunded.Amount != 2*4000 {
		t.Errorf("refunded %v, %v, want both pieces once", order.Payment.Refunded, err)
	}
}

func TestARefundHasEitherAnAmountOrLines(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 4000, 1)
	keeper := atDesk(t)
	order := delivered(t, customer(t), sku, 1)
	amount := shop.Money{Amount: 1, Currency: "GBP"}
	for name, body := range map[string]map[string]any{
		"both":    {"amount": amount, "lines": lines(sku, 1), "reason": "late"},
		"neither": {"reason": "late"},
	} {
		_, err := keeper.refund(t, order.ID, body)
		if problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed"); len(problem.Errors) == 0 {
			t.Errorf("%s: no field is named", name)
		}
	}
}

func TestStaffListTheReturnsThatWait(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 4000, 3)
	c, keeper := customer(t), atDesk(t)
	order := delivered(t, c, sku, 3)
	older, newer := mustRequest(t, c, order.ID, sku, 1), mustRequest(t, c, order.ID, sku, 1)
	ended := mustRequest(t, c, order.ID, sku, 1)
	if _, err := keeper.handle(t, ended.ID, "refusal", map[string]any{"reason": "worn"}); err != nil {
		t.Fatal(err)
	}
	found := keeper.returnsOf(t, order.ID)
	if len(found) != 2 || found[0].ID != newer.ID || found[1].ID != older.ID {
		t.Fatalf("waiting %+v, want %s and %s", found, newer.ID, older.ID)
	}
	if got := found[0]; got.OrderNumber != order.Number || got.CustomerID != order.CustomerID || got.Reason != "broken" || got.Amount.Amount != 4000 {
		t.Errorf("listed %+v", got)
	}
	wantProblem(t, c.Do(t.Context(), http.MethodGet, "/v1/admin/returns", nil, nil), http.StatusForbidden, "forbidden")
}

// returnsOf lists the returns that wait, of all orders, and returns those of one order.
func (d desk) returnsOf(t *testing.T, orderID string) (found []shop.Return) {
	t.Helper()
	path := "/v1/admin/returns?status=requested&limit=1"
	for next := path; ; {
		var page shop.Returns
		if err := d.Do(t.Context(), http.MethodGet, next, nil, &page); err != nil {
			t.Fatal(err)
		}
		for _, goods := range page.Items {
			if goods.OrderID == orderID {
				found = append(found, goods)
			}
		}
		if page.NextCursor == "" {
			return found
		}
		next = path + "&cursor=" + page.NextCursor
	}
}
