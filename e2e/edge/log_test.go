package edge

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

// What one shopper told the shop, and must be in no log.
const (
	canaryEmail    = "canary-e41@example.com"
	canaryPassword = "canary password 7f3"
	canaryName     = "Canary Winifred 9d2"
	canaryCard     = "pm_card_canary_5b8"
)

// tell does with the shop whatever has something private in it, and returns what else is private.
func tell(t *testing.T, url string) (private []string) {
	t.Helper()
	ctx := t.Context()
	guest := shop.New(url)
	me, session, err := guest.Register(ctx, canaryEmail, canaryPassword, canaryName)
	if err != nil {
		t.Fatal(err)
	}
	address := shop.Address{Name: canaryName, Line1: "1 " + canaryName, City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}
	cart, err := me.OpenCart(ctx)
	if err == nil {
		cart, err = me.Put(ctx, cart.ID, "CUP-1", 1)
	}
	if err != nil {
		t.Fatal(err)
	}
	quote, err := me.Quote(ctx, cart.ID, address)
	if err != nil {
		t.Fatal(err)
	}
	checkout := shop.Checkout{CartID: cart.ID, ShippingAddress: &address, ShippingOption: quote.Options[0].ID, PaymentMethod: canaryCard}
	_, refused := me.PlaceOrder(ctx, "canary-key-1", checkout)
	checkout.PaymentMethod = "pm_card_visa"
	if _, err := me.PlaceOrder(ctx, "canary-key-2", checkout); err != nil || refused == nil {
		t.Fatalf("a strange card: %v; a good one: %v", refused, err)
	}
	token := map[string]string{"refresh_token": session.RefreshToken}
	for _, wrong := range []struct {
		client       *shop.Client
		method, path string
		body         any
	}{
		{guest, http.MethodPost, "/v1/sessions", map[string]string{"email": canaryEmail, "password": canaryPassword + "!"}},
		{guest, http.MethodPost, "/v1/customers", map[string]string{"email": canaryEmail, "password": canaryPassword, "name": canaryName}},
		{guest, http.MethodPost, "/v1/customers", map[string]string{"email": canaryName, "password": canaryPassword, "name": canaryName}},
		{guest, http.MethodPost, "/v1/sessions/refresh", token},
		{guest, http.MethodPost, "/v1/sessions/refresh", token},
		{guest, http.MethodGet, "/v1/products?q=" + canaryEmail + "&cursor=" + canaryEmail, nil},
		{guest, http.MethodGet, "/v1/products/" + canaryEmail, nil},
		{guest.As(session.AccessToken + "x"), http.MethodGet, "/v1/me", nil},
		{me, http.MethodPut, "/v1/me/password", map[string]string{"current_password": canaryPassword + "!", "new_password": canaryPassword}},
		{me, http.MethodPost, "/v1/me/deletion", map[string]string{"password": canaryPassword}},
		{me, http.MethodPost, "/v1/me/addresses", map[string]string{"name": canaryName, "country": canaryName}},
	} {
		if _, err := wrong.client.Send(ctx, wrong.method, wrong.path, wrong.body); err != nil {
			t.Fatal(err)
		}
	}
	return []string{session.AccessToken, session.RefreshToken}
}

func TestNoLogTellsWhatAShopperSaid(t *testing.T) {
	s := open(t, "SOUK_LOG_LEVEL=debug")
	private := append(tell(t, s.URL()), canaryEmail, canaryPassword, canaryName, canaryCard)
	for _, name := range append([]string{stack.Gateway, stack.Postgres, stack.Mongo, stack.Consul}, stack.Services...) {
		content, err := os.ReadFile(s.LogFile(name))
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(content)) {
			for _, secret := range private {
				if strings.Contains(line, secret) {
					t.Errorf("%s logs %q: %s", name, secret, line)
				}
			}
		}
		if len(content) == 0 && name != stack.Mongo {
			t.Errorf("%s logs nothing", name)
		}
	}
}
