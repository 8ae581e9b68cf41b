package journey

import (
	"net/http"
	"testing"

	"souk/e2e/shop"
)

func TestAnAccountFromRegistrationToLogout(t *testing.T) {
	t.Parallel()
	who := email()
	c, session, err := anonymous().Register(t.Context(), who, password, "Ada")
	if err != nil || session.Customer.Email != who {
		t.Fatal(session, err)
	}
	_, _, err = anonymous().Register(t.Context(), who, password, "Ada")
	wantProblem(t, err, http.StatusConflict, "email_taken")
	_, _, err = anonymous().Login(t.Context(), who, "wrong password")
	wantProblem(t, err, http.StatusUnauthorized, "invalid_credentials")

	change := map[string]string{"current_password": "wrong password", "new_password": "another " + password}
	wantProblem(t, c.Do(t.Context(), http.MethodPut, "/v1/me/password", change, nil), http.StatusUnprocessableEntity, "validation_failed")

	var me shop.Customer
	if err := c.Do(t.Context(), http.MethodGet, "/v1/me", nil, &me); err != nil || me.Email != who {
		t.Errorf("me = %+v, %v", me, err)
	}
	var fresh shop.Session
	refresh := map[string]string{"refresh_token": session.RefreshToken}
	if err := anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", refresh, &fresh); err != nil || fresh.RefreshToken == session.RefreshToken {
		t.Fatalf("refresh: %v", err)
	}
	if err := c.As(fresh.AccessToken).Do(t.Context(), http.MethodDelete, "/v1/sessions/current", nil, nil); err != nil {
		t.Fatal(err)
	}
	err = anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", map[string]string{"refresh_token": fresh.RefreshToken}, nil)
	wantProblem(t, err, http.StatusUnauthorized, "invalid_refresh_token")
	err = anonymous().As("not.a.token").Do(t.Context(), http.MethodGet, "/v1/me", nil, nil)
	wantProblem(t, err, http.StatusUnauthorized, "unauthenticated")
}

func TestAnOrderToASavedAddress(t *testing.T) {
	t.Parallel()
	c := customer(t)
	var saved shop.Address
	if err := c.Do(t.Context(), http.MethodPost, "/v1/me/addresses", leeds, &saved); err != nil {
		t.Fatal(err)
	}
	request := checkout(t, c, stocked(t, 500, 2), 1, "pm_card_visa")
	request.ShippingAddress, request.AddressID = nil, saved.ID
	order, err := c.PlaceOrder(t.Context(), saved.ID, request)
	if err != nil || order.Status != "confirmed" {
		t.Fatalf("%+v, %v", order, err)
	}
	other := customer(t)
	theirs := checkout(t, other, stocked(t, 500, 2), 1, "pm_card_visa")
	theirs.ShippingAddress, theirs.AddressID = nil, saved.ID
	_, err = other.PlaceOrder(t.Context(), saved.ID, theirs)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

func TestAGuestsCartIsClaimedAtLogin(t *testing.T) {
	t.Parallel()
	a, b := stocked(t, 100, 9), stocked(t, 200, 9)
	guest := anonymous()
	cart, err := guest.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := guest.Put(t.Context(), cart.ID, a, 2); err != nil {
		t.Fatal(err)
	}
	c := customer(t)
	own, err := c.OpenCart(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for sku, quantity := range map[string]int64{a: 1, b: 1} {
		if _, err := c.Put(t.Context(), own.ID, sku, quantity); err != nil {
			t.Fatal(err)
		}
	}
	var claimed shop.Cart
	if err := c.Do(t.Context(), http.MethodPost, "/v1/carts/"+cart.ID+"/claim", nil, &claimed); err != nil || claimed.ID != own.ID || claimed.Subtotal.Amount != 500 {
		t.Errorf("claimed = %+v, %v; want 3 × 1.00 and 1 × 2.00", claimed, err)
	}
	err = guest.Do(t.Context(), http.MethodGet, "/v1/carts/"+cart.ID, nil, nil)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	err = guest.Do(t.Context(), http.MethodGet, "/v1/carts/"+own.ID, nil, nil)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

func TestNoMoreThanFiftyAddressesAreKept(t *testing.T) {
	t.Parallel()
	c := customer(t)
	for range 50 {
		if err := c.Do(t.Context(), http.MethodPost, "/v1/me/addresses", leeds, nil); err != nil {
			t.Fatal(err)
		}
	}
	err := c.Do(t.Context(), http.MethodPost, "/v1/me/addresses", leeds, nil)
	problem := problemOf(t, err, http.StatusUnprocessableEntity, "validation_failed")
	if len(problem.Errors) != 0 || problem.Detail == "" {
		t.Errorf("%+v; want a detail, and no field to blame", problem)
	}
}
