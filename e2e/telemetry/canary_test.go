package telemetry

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/uuid"

	"souk/deploy/local/stack"
	"souk/e2e/poll"
	"souk/e2e/shop"
)

// canary is part of every personal or secret text that the test sends.
const canary = "canary7f3a"

// testCanaries sends personal and secret texts wherever the contract takes them, right ones and wrong ones, and looks for them in all
// spans, metrics and logs.
func (o *observed) testCanaries(t *testing.T) {
	secrets := o.sendCanaries(t)
	trace, header := newTrace()
	last := shop.New(o.URL()).Do(t.Context(), http.MethodGet, "/v1/products/"+canary, nil, nil, shop.Header{Name: header[0], Value: header[1]})
	var problem *shop.Problem
	if !errors.As(last, &problem) {
		t.Fatal(last)
	}
	must(t, poll.Until(t.Context(), collected, func(ctx context.Context) error { _, err := o.spansOf(ctx, trace); return err }))
	for where, content := range o.told(t) {
		for name, secret := range secrets {
			if i := strings.Index(content, secret); i >= 0 {
				t.Errorf("%s shows the %s: …%s…", where, name, content[max(0, i-200):min(len(content), i+100)])
			}
		}
	}
}

// sendCanaries returns what it sent, by its name.
func (o *observed) sendCanaries(t *testing.T) map[string]string {
	t.Helper()
	ctx := t.Context()
	email, secret := canary+uuid.NewString()+"@example.com", canary+"-password-"+uuid.NewString()
	customer, session, err := shop.New(o.URL()).Register(ctx, email, secret, canary+" Shopper")
	must(t, err)
	cart, err := customer.OpenCart(ctx)
	must(t, err)
	_, err = customer.Put(ctx, cart.ID, sku, 1)
	must(t, err)
	address := home
	address.Name, address.Line1 = canary+" Shopper", canary+" Street"
	checkout := shop.Checkout{CartID: cart.ID, ShippingAddress: &address, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa"}
	var order shop.Order
	trace, err := o.place(t, customer, checkout, &order)
	must(t, err)
	o.expect(t, trace, checkoutSpans...)
	_, err = o.Mails(ctx, email, "Your order "+order.Number+" is confirmed", 1)
	must(t, err)
	guest := shop.New(o.URL())
	guests := o.orderAsGuest(t, guest)
	guestCart, err := guest.OpenCart(ctx)
	must(t, err)
	must(t, guest.Do(ctx, http.MethodPut, "/v1/carts/"+guestCart.ID+"/items/"+sku, map[string]int{"quantity": 1}, nil))
	// What follows is refused, one way or another.
	for _, send := range []struct {
		client       *shop.Client
		method, path string
		body         any
	}{
		{guest, http.MethodPost, "/v1/sessions", map[string]string{"email": email, "password": canary + "-wrong"}},
		{guest, http.MethodPost, "/v1/sessions", map[string]string{"email": canary, "password": canary}},
		{guest, http.MethodPost, "/v1/sessions", map[string]string{canary: canary}},
		{guest, http.MethodPost, "/v1/password-resets", map[string]string{"email": email}},
		{guest, http.MethodPost, "/v1/password-resets", map[string]string{"email": canary + "@example.com"}},
		{guest, http.MethodPost, "/v1/password-resets/confirmation", map[string]string{"token": canary, "password": secret}},
		{guest, http.MethodPost, "/v1/email-verifications/confirmation", map[string]string{"token": canary}},
		{guest, http.MethodGet, "/v1/carts/" + guestCart.ID, nil},
		{guest, http.MethodGet, "/v1/carts/" + canary, nil},
		{guest, http.MethodGet, "/v1/products?q=" + canary, nil},
		{guest, http.MethodGet, "/v1/carts/" + guestCart.ID + "/recommendations", nil},
		{guest, http.MethodGet, "/v1/orders/" + order.ID + "/events?ticket=" + canary, nil},
		{guest.As(canary), http.MethodGet, "/v1/me", nil},
		{customer, http.MethodPost, "/v1/orders/" + order.ID + "/returns", map[string]any{"lines": []any{map[string]any{"sku": canary, "quantity": 1}}, "reason": canary}},
		{customer, http.MethodPut, "/v1/me/password", map[string]string{"current_password": canary, "new_password": secret}},
		{customer, http.MethodPost, "/v1/me/addresses", map[string]string{"name": canary, "country": canary}},
	} {
		_, err := send.client.Send(ctx, send.method, send.path, send.body)
		must(t, err)
	}
	secrets := map[string]string{
		"canary": canary, "access token": session.AccessToken, "refresh token": session.RefreshToken, "guest's cart": guestCart.ID,
		"staff's password": o.StaffPassword(), "address of staff": o.StaffEmail(),
	}
	maps.Copy(secrets, guests)
	return secrets
}

// orderAsGuest buys without an account, looks the order up by mail, and cancels it. It returns the tokens that the guest had.
func (o *observed) orderAsGuest(t *testing.T, guest *shop.Client) map[string]string {
	t.Helper()
	ctx, address, email := t.Context(), home, canary+uuid.NewString()+"@example.com"
	address.Name, address.Line1 = canary+" Guest", canary+" Street"
	cart, err := guest.OpenCart(ctx)
	must(t, err)
	_, err = guest.Put(ctx, cart.ID, sku, 1)
	must(t, err)
	order, err := guest.PlaceOrder(ctx, uuid.NewString(), shop.Checkout{
		CartID: cart.ID, Email: email, ShippingAddress: &address, ShippingOption: "royal-standard", PaymentMethod: "pm_card_visa",
	})
	must(t, err)
	if order.AccessToken == "" {
		t.Fatal("a guest got no token")
	}
	must(t, guest.Do(ctx, http.MethodPost, "/v1/order-lookups", map[string]string{"number": order.Number, "email": email}, nil))
	_, link, err := o.MailToken(ctx, email, "Your link to order "+order.Number)
	must(t, err)
	var again struct {
		AccessToken string `json:"access_token"`
	}
	must(t, guest.Do(ctx, http.MethodPost, "/v1/order-lookups/confirmation", map[string]string{"token": link}, &again))
	must(t, guest.As(again.AccessToken).Do(ctx, http.MethodPost, "/v1/orders/"+order.ID+"/cancellation", nil, nil))
	// The following requests find nothing, or are refused.
	for _, send := range []struct{ number, email string }{
		{order.Number, canary + "-wrong@example.com"}, {canary, email}, {canary, canary},
	} {
		_, err := guest.Send(ctx, http.MethodPost, "/v1/order-lookups", map[string]string{"number": send.number, "email": send.email})
		must(t, err)
	}
	for _, token := range []string{link, canary} {
		_, err := guest.Send(ctx, http.MethodPost, "/v1/order-lookups/confirmation", map[string]string{"token": token})
		must(t, err)
	}
	return map[string]string{"token of a guest": order.AccessToken, "later token of a guest": again.AccessToken, "token in a guest's mail": link}
}

// told returns all that the processes have told so far: the spans by their service, the metrics and logs by their process.
func (o *observed) told(t *testing.T) map[string]string {
	t.Helper()
	told := map[string]string{}
	for _, service := range append([]string{stack.Gateway}, stack.Services...) {
		spans, err := get(t.Context(), "http://"+o.JaegerAddr()+"/api/traces?limit=1500&lookback=1h&service="+service)
		must(t, err)
		told["the traces of "+service] = string(spans)
		for _, part := range o.Instances(service) {
			lines, err := os.ReadFile(o.LogFile(part))
			must(t, err)
			told["the log of "+part] = string(lines)
		}
	}
	for _, admin := range o.admins(t) {
		metrics, err := get(t.Context(), "http://"+admin+"/metrics")
		must(t, err)
		told["the metrics at "+admin] = string(metrics)
	}
	for where, content := range told {
		if len(content) < 200 {
			t.Errorf("%s are empty", where)
		}
	}
	return told
}

// admins returns the admin ports of all processes, as Prometheus knows them.
func (o *observed) admins(t *testing.T) (addresses []string) {
	t.Helper()
	content, err := get(t.Context(), "http://"+o.PrometheusAddr()+"/api/v1/targets")
	must(t, err)
	var targets struct {
		Data struct {
			ActiveTargets []struct{ Labels map[string]string }
		}
	}
	must(t, json.Unmarshal(content, &targets))
	for _, target := range targets.Data.ActiveTargets {
		addresses = append(addresses, target.Labels["instance"])
	}
	if len(addresses) < len(stack.Services)+1 {
		t.Fatalf("Prometheus knows %v only", addresses)
	}
	return addresses
}
