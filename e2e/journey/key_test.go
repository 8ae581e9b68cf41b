package journey

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/e2e/shop"
)

// Each operation that takes a key is sent eight times at once, then again, then with another body. Checkouts have tests of
// their own.
func TestEveryOperationWithAKeyTakesEffectOnce(t *testing.T) {
	t.Parallel()
	keeper, shopper := staff(t), customer(t)
	sku := stocked(t, 500, 10)
	order := delivered(t, shopper, sku, 3)
	title := "Once " + uuid.NewString()
	gbp := func(amount int64) map[string]any { return map[string]any{"amount": amount, "currency": "GBP"} }
	for name, test := range map[string]struct {
		client      *shop.Client
		path        string
		body, other any
		effects     func(t *testing.T) int
	}{
		"adjustStock": {
			client: keeper, path: "/v1/inventory/" + sku + "/adjustments",
			body: map[string]any{"delta": 1, "reason": "found"}, other: map[string]any{"delta": 2, "reason": "found"},
			effects: func(t *testing.T) int { return int(available(t, sku)) - 7 },
		},
		"createProduct": {
			client: keeper, path: "/v1/products",
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
		"requestReturn": {
			client: shopper, path: "/v1/orders/" + order.ID + "/returns",
			body:  map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1}}, "reason": "broken"},
			other: map[string]any{"lines": []any{map[string]any{"sku": sku, "quantity": 1}}, "reason": "too small"},
			effects: func(t *testing.T) int {
				resp, err := shopper.Send(t.Context(), http.MethodGet, "/v1/orders/"+order.ID, nil)
				if err != nil {
					t.Fatal(err)
				}
				return strings.Count(string(resp.Body), `"status":"requested"`)
			},
		},
		"refundOrder": {
			client: keeper, path: "/v1/admin/orders/" + order.ID + "/refunds",
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
		t.Run(name, func(t *testing.T) {
			key := shop.Header{Name: "Idempotency-Key", Value: "ключ " + uuid.NewString()}
			send := func(body any) *shop.Response {
				resp, err := test.client.Send(t.Context(), http.MethodPost, test.path, body, key)
				if err != nil {
					t.Fatal(err)
				}
				return resp
			}
			first := 0
			var body string
			var mu sync.Mutex
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					resp, err := test.client.Send(t.Context(), http.MethodPost, test.path, test.body, key)
					mu.Lock()
					defer mu.Unlock()
					switch {
					case err != nil:
						t.Error(err)
					case resp.Status == http.StatusConflict && strings.Contains(string(resp.Body), "idempotency_in_progress"):
					case resp.Status != http.StatusCreated:
						t.Errorf("answered %d %s", resp.Status, resp.Body)
					case resp.Header.Get("Idempotent-Replay") == "":
						first++
						body = string(resp.Body)
					}
				})
			}
			all.Wait()
			again := send(test.body)
			if first != 1 || again.Status != http.StatusCreated || string(again.Body) != body || again.Header.Get("Idempotent-Replay") != "true" {
				t.Errorf("%d first answers; %s, and again %d %s", first, body, again.Status, again.Body)
			}
			if resp := send(test.other); resp.Status != http.StatusUnprocessableEntity || !strings.Contains(string(resp.Body), "idempotency_key_reused") {
				t.Errorf("another body: %d %s", resp.Status, resp.Body)
			}
			if n := test.effects(t); n != 1 {
				t.Errorf("took effect %d times", n)
			}
		})
	}
}
