package journey

import (
	"bytes"
	"cmp"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// keyed is an operation that takes a key, as a client sends it.
type keyed struct {
	client *shop.Client
	path   string
	body   any
	status int
	// other and otherPath are those of another request. An empty otherPath is the same.
	other     any
	otherPath string
	// effects counts how often the request took effect.
	effects func(t *testing.T) int
}

// Each operation that takes a key is sent eight times at once, then again, then with another body or path. Checkouts have tests of
// their own.
func TestEveryOperationWithAKeyTakesEffectOnce(t *testing.T) {
	t.Parallel()
	keeper, shopper := staff(t), customer(t)
	sku, adjusted := stocked(t, 500, 10), stocked(t, 500, 7)
	order, sentBack := delivered(t, shopper, sku, 3), delivered(t, shopper, sku, 1)
	unwanted, damaged, toSend := buy(t, shopper, sku, 1), buy(t, shopper, sku, 1), buy(t, shopper, sku, 1)
	goods := mustRequest(t, shopper, sentBack.ID, sku, 1)
	worn := mustRequest(t, shopper, delivered(t, shopper, sku, 1).ID, sku, 1)
	elsewhere := leeds
	elsewhere.Line1 = "2 Market Street"
	title := "Once " + uuid.NewString()
	gbp := func(amount int64) map[string]any { return map[string]any{"amount": amount, "currency": "GBP"} }
	events := func(orderID, event string) func(t *testing.T) int {
		return func(t *testing.T) int {
			resp, err := shopper.Send(t.Context(), http.MethodGet, "/v1/orders/"+orderID, nil)
			if err != nil {
				t.Fatal(err)
			}
			return strings.Count(string(resp.Body), `"event":"`+event+`"`)
		}
	}
	for name, test := range map[string]keyed{
		"adjustStock": {
			client: keeper, path: "/v1/inventory/" + adjusted + "/adjustments", status: http.StatusCreated,
			body: map[string]any{"delta": 1, "reason": "found"}, other: map[string]any{"delta": 2, "reason": "found"},
			effects: func(t *testing.T) int { return int(available(t, adjusted)) - 7 },
		},
		"createProduct": {
			client: keeper, path: "/v1/products", status: http.StatusCreated,
			body:  map[string]any{"title": title, "variants": []any{map[string]any{"sku": "K-" + sku, "price": gbp(1)}}},
			other: map[string]any{"title": "Another", "variants": []any{map[string]any{"sku": "K2-" + sku, "price": gbp(1)}}},
			effects: func(t *testing.T) int {
				resp, err := keeper.Send(t.Context(), http.MethodPost, "/v1/products", map[string]any{
					"title": title, "variants": []any{map[string]any{"sku": "K3-" + sku, "price": gbp(1)}},
				})
				if err != nil || resp.Status != http.StatusCreated {
					t.Fatalf("%+v, %v", resp, err)
				}
				return strings.Count(string(resp.Body), `-2"`) // the slug is the second of its kind, not a later one
			},
		},
		"createAddress": {
			client: shopper, path: "/v1/me/addresses", status: http.StatusCreated,
			body: leeds, other: elsewhere,
			effects: func(t *testing.T) int {
				resp, err := shopper.Send(t.Context(), http.MethodGet, "/v1/me/addresses", nil)
				if err != nil {
					t.Fatal(err)
				}
				return strings.Count(string(resp.Body), `"line1":"1 Market Street"`)
			},
		},
		"requestReturn": {
			client: shopper, path: "/v1/orders/" + order.ID + "/returns", status: http.StatusCreated,
			body:    map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1}}, "reason": "broken"},
			other:   map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1}}, "reason": "too small"},
			effects: events(order.ID, "return_requested"),
		},
		"cancelOrder": {
			client: shopper, path: "/v1/orders/" + unwanted.ID + "/cancellation", status: http.StatusOK,
			otherPath: "/v1/orders/" + order.ID + "/cancellation",
			effects:   events(unwanted.ID, "cancelled"),
		},
		"cancelAnyOrder": {
			client: keeper, path: "/v1/admin/orders/" + damaged.ID + "/cancellation", status: http.StatusOK,
			body: map[string]any{"reason": "damaged"}, other: map[string]any{"reason": "lost"},
			effects: events(damaged.ID, "cancelled"),
		},
		"dispatchOrder": {
			client: keeper, path: "/v1/admin/orders/" + toSend.ID + "/dispatch", status: http.StatusOK,
			otherPath: "/v1/admin/orders/" + order.ID + "/dispatch",
			effects:   events(toSend.ID, "dispatched"),
		},
		"refuseReturn": {
			client: keeper, path: "/v1/admin/returns/" + worn.ID + "/refusal", status: http.StatusOK,
			body: map[string]any{"reason": "worn"}, other: map[string]any{"reason": "used"},
			effects: events(worn.OrderID, "return_refused"),
		},
		"receiveReturn": {
			client: keeper, path: "/v1/admin/returns/" + goods.ID + "/receive", status: http.StatusOK,
			otherPath: "/v1/admin/returns/" + uuid.NewString() + "/receive",
			effects:   events(sentBack.ID, "return_received"),
		},
		"refundOrder": {
			client: keeper, path: "/v1/admin/orders/" + order.ID + "/refunds", status: http.StatusCreated,
			body:  map[string]any{"amount": gbp(100), "reason": "sorry"},
			other: map[string]any{"amount": gbp(101), "reason": "sorry"},
			effects: func(t *testing.T) int {
				got, err := shopper.Order(t.Context(), order.ID)
				if err != nil {
					t.Fatal(err)
				}
				return int(got.Payment.Refunded.Amount) / 100
			},
		},
	} {
		t.Run(name, func(t *testing.T) { test.mustTakeEffectOnce(t) })
	}
}

func (k keyed) mustTakeEffectOnce(t *testing.T) {
	key := shop.Header{Name: "Idempotency-Key", Value: "ключ " + uuid.NewString()}
	send := func(path string, body any) *shop.Response {
		resp, err := k.client.Send(t.Context(), http.MethodPost, path, body, key)
		if err != nil {
			t.Error(err)
			return &shop.Response{}
		}
		return resp
	}
	first := 0
	var body string
	var mu sync.Mutex
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			resp := send(k.path, k.body)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case resp.Status == http.StatusConflict && strings.Contains(string(resp.Body), "idempotency_in_progress"):
			case resp.Status != k.status:
				t.Errorf("answered %d %s", resp.Status, resp.Body)
			case resp.Header.Get("Idempotent-Replay") == "":
				first++
				body = string(resp.Body)
			}
		})
	}
	all.Wait()
	again := send(k.path, k.body)
	if first != 1 || again.Status != k.status || string(again.Body) != body || again.Header.Get("Idempotent-Replay") != "true" {
		t.Errorf("%d first answers; %s, and again %d %s", first, body, again.Status, again.Body)
	}
	if resp := send(cmp.Or(k.otherPath, k.path), k.other); resp.Status != http.StatusUnprocessableEntity || !strings.Contains(string(resp.Body), "idempotency_key_reused") {
		t.Errorf("another request: %d %s", resp.Status, resp.Body)
	}
	if n := k.effects(t); n != 1 {
		t.Errorf("took effect %d times", n)
	}
}

func TestAnAdjustmentIsAnsweredAgainAfterItsProductWasWithdrawn(t *testing.T) {
	t.Parallel()
	keeper := staff(t)
	product, skus := bowl(t, 0, 0)
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	adjust := func() *shop.Response {
		resp, err := keeper.Send(t.Context(), http.MethodPost, "/v1/inventory/"+skus[0]+"/adjustments", map[string]any{"delta": 3, "reason": "delivery"}, key)
		if err != nil || resp.Status != http.StatusCreated {
			t.Fatalf("%+v, %v", resp, err)
		}
		return resp
	}
	first := adjust()
	withdraw(t, product)
	if again := adjust(); !bytes.Equal(again.Body, first.Body) || again.Header.Get("Idempotent-Replay") != "true" {
		t.Errorf("first %s, again %s, replay %q", first.Body, again.Body, again.Header.Get("Idempotent-Replay"))
	}
	_, err := keeper.Adjust(t.Context(), skus[1], 1, "found")
	wantProblem(t, err, http.StatusNotFound, "not_found")
}
