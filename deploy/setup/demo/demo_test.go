package demo_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"souk/deploy/setup/demo"
)

// world stands for a shop behind its REST API.
type world struct {
	mu       sync.Mutex
	products int
	accounts map[string]string
	imports  int
	// failures is how many more requests are answered with 503.
	failures int
	// refusal is what logins are answered with, if not 0.
	refusal int
}

func (w *world) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.failures > 0 {
		w.failures--
		out.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	switch r.Method + " " + r.URL.Path {
	case "POST /v1/sessions":
		account := decode(r)
		switch {
		case w.refusal != 0:
			out.WriteHeader(w.refusal)
		case w.accounts[account["email"]] != account["password"]:
			out.WriteHeader(http.StatusUnauthorized)
		default:
			answer(out, map[string]any{"access_token": "token of " + account["email"]})
		}
	case "POST /oauth/token":
		if r.FormValue("grant_type") != "client_credentials" || r.FormValue("client_id") != "demo" || r.FormValue("client_secret") != "of the client" {
			out.WriteHeader(http.StatusUnauthorized)
			return
		}
		answer(out, map[string]any{"access_token": "token of staff"})
	case "POST /v1/customers":
		account := decode(r)
		if w.accounts[account["email"]] != "" {
			out.WriteHeader(http.StatusConflict)
			return
		}
		w.accounts[account["email"]] = account["password"]
		answer(out, nil)
	case "GET /v1/products":
		answer(out, map[string]any{"items": make([]int, min(w.products, 1))})
	case "POST /v1/product-imports":
		if r.Header.Get("Authorization") != "Bearer token of staff" {
			out.WriteHeader(http.StatusForbidden)
			return
		}
		w.imports++
		w.products = 60
		answer(out, map[string]any{"products": 60})
	default:
		http.NotFound(out, r)
	}
}

func decode(r *http.Request) map[string]string {
	var fields map[string]string
	_ = json.NewDecoder(r.Body).Decode(&fields)
	return fields
}

func answer(out http.ResponseWriter, body any) { _ = json.NewEncoder(out).Encode(body) }

func newShop(t *testing.T, w *world) demo.Shop {
	t.Helper()
	if w.accounts == nil {
		w.accounts = map[string]string{}
	}
	w.accounts["staff"] = "secret"
	server := httptest.NewServer(w)
	t.Cleanup(server.Close)
	return demo.Shop{
		URL: server.URL, StaffEmail: "staff", StaffPassword: "secret",
		CustomerEmail: demo.CustomerEmail, CustomerPassword: "of the shopper",
	}
}

func TestANewShopIsFilledOnceAndNeverAgain(t *testing.T) {
	t.Parallel()
	w := &world{}
	shop := newShop(t, w)
	imported, filled, err := demo.FillNew(t.Context(), shop, demo.Catalog)
	if err != nil || !filled || imported.Products != 60 || w.accounts[demo.CustomerEmail] != "of the shopper" {
		t.Fatalf("%+v, filled %v, %v, accounts %v", imported, filled, err, w.accounts)
	}
	for _, products := range []int{60, 61, 0} { // changed, added to, and all withdrawn by staff
		w.products = products
		if _, filled, err := demo.FillNew(t.Context(), shop, demo.Catalog); err != nil || filled || w.imports != 1 {
			t.Errorf("with %d products: filled %v, %v, %d imports", products, filled, err, w.imports)
		}
	}
}

func TestAClientOfItsOwnFillsTheShopWithoutAPersonsPassword(t *testing.T) {
	t.Parallel()
	for secret, ok := range map[string]bool{"of the client": true, "of another": false} {
		w := &world{}
		shop := newShop(t, w)
		shop.ClientID, shop.ClientSecret, shop.StaffPassword = "demo", secret, ""
		if _, _, err := demo.FillNew(t.Context(), shop, demo.Catalog); (err == nil) != ok || w.imports > 0 != ok {
			t.Errorf("the secret %s: %v, %d imports", secret, err, w.imports)
		}
	}
}

func TestAShopWithProductsOfItsOwnGetsTheCustomerAlone(t *testing.T) {
	t.Parallel()
	w := &world{products: 1}
	_, filled, err := demo.FillNew(t.Context(), newShop(t, w), demo.Catalog)
	if err != nil || filled || w.imports != 0 || w.accounts[demo.CustomerEmail] != "of the shopper" {
		t.Errorf("filled %v, %v, %d imports, accounts %v", filled, err, w.imports, w.accounts)
	}
}

func TestACustomerWhoseAccountExistsKeepsThePassword(t *testing.T) {
	t.Parallel()
	w := &world{products: 1, accounts: map[string]string{demo.CustomerEmail: "changed"}}
	_, filled, err := demo.FillNew(t.Context(), newShop(t, w), demo.Catalog)
	if err != nil || filled || w.accounts[demo.CustomerEmail] != "changed" {
		t.Errorf("filled %v, %v, accounts %v", filled, err, w.accounts)
	}
}

func TestARequestThatFailedIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := &world{failures: 1}
	if _, filled, err := demo.FillNew(t.Context(), newShop(t, w), demo.Catalog); err != nil || !filled || w.imports != 1 {
		t.Errorf("filled %v, %v, %d imports", filled, err, w.imports)
	}
}

func TestAShopThatCannotTellIsNotTakenForANewOne(t *testing.T) {
	t.Parallel()
	w := &world{refusal: http.StatusTooManyRequests}
	if _, filled, err := demo.FillNew(t.Context(), newShop(t, w), demo.Catalog); err == nil || filled || w.imports != 0 {
		t.Errorf("filled %v, %v, %d imports", filled, err, w.imports)
	}
}
