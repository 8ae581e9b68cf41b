package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"souk/e2e/shop"
)

const (
	// mostSeries is how many series the whole shop may have, however it is used.
	mostSeries = 10_000
	// randomRequests is how many requests are sent by default. SOUK_REQUESTS sets another number.
	randomRequests = 10_000
	senders        = 8
)

// TestRandomRequestsMakeNoSeries sends requests with random paths, methods, SKUs, customers and headers, and counts the series that
// Prometheus has afterwards.
func TestRandomRequestsMakeNoSeries(t *testing.T) {
	o := open(t)
	requests, err := strconv.Atoi(os.Getenv("SOUK_REQUESTS"))
	if err != nil {
		requests = randomRequests
	}
	customer, checkout := o.checkout(t, "pm_card_visa")
	order, err := customer.PlaceOrder(t.Context(), uuid.NewString(), checkout)
	must(t, err)
	must(t, o.staff.Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+order.ID+"/dispatch", nil, nil))

	var group errgroup.Group
	for range senders {
		group.Go(func() error {
			for range requests / senders {
				if err := o.sendRandom(t.Context(), customer); err != nil {
					return err
				}
			}
			return nil
		})
	}
	must(t, group.Wait())
	time.Sleep(30 * time.Second) // until Prometheus has asked all processes twice
	series, err := o.series(t.Context())
	must(t, err)
	t.Logf("measured: %d series after %d requests", series, requests)
	if series > mostSeries || series < 1000 {
		t.Errorf("%d series, want 1,000 to %d", series, mostSeries)
	}
}

// sendRandom sends a request that may be right or wrong.
func (o *observed) sendRandom(ctx context.Context, customer *shop.Client) error {
	word := uuid.NewString()
	paths := []string{
		"/" + word, "/v1/products/" + word, "/v1/products?q=" + word, "/v1/carts/" + word, "/v1/orders/" + word, "/v1/" + word + "/" + word,
		"/v1/orders/" + word + "/events", "/v1/admin/stock/" + word, "/v1/webhooks/payments/" + word, "/v1/products?sku=" + word, "/v1/me",
	}
	methods := []string{http.MethodGet, http.MethodGet, http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete, strings.ToUpper(word[:5])}
	req, err := http.NewRequestWithContext(ctx, methods[rand.IntN(len(methods))], o.URL()+paths[rand.IntN(len(paths))], http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", word)
	req.Header.Set("X-Request-Id", word)
	req.Header.Set("Idempotency-Key", word)
	if rand.IntN(2) == 0 {
		req.Header.Set("Authorization", "Bearer "+customer.Token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// series returns how many series Prometheus has of the shop's processes.
func (o *observed) series(ctx context.Context) (int, error) {
	content, err := get(ctx, "http://"+o.PrometheusAddr()+`/api/v1/query?query=count({service!=""})`)
	if err != nil {
		return 0, err
	}
	var answer struct {
		Data struct {
			Result []struct{ Value [2]any }
		}
	}
	if err := json.Unmarshal(content, &answer); err != nil || len(answer.Data.Result) != 1 {
		return 0, fmt.Errorf("%w: %.200s", err, content)
	}
	return strconv.Atoi(fmt.Sprint(answer.Data.Result[0].Value[1]))
}
