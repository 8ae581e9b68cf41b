package journey

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/e2e/shop"
	"souk/e2e/testshop"
)

// guestCheckout fills a guest cart and returns what would buy it.
func guestCheckout(t *testing.T, sku string, quantity int64, address string) shop.Checkout {
	t.Helper()
	c := checkout(t, anonymous(), sku, quantity, "pm_card_visa")
	c.Email = address
	return c
}

// A guest buys, loses the answer, looks the order up by mail, sends a piece back, and opens an account that then has the order.
func TestAGuestBuysAndLaterOpensAnAccount(t *testing.T) {
	t.Parallel()
	needsMails(t)
	sku, address := stocked(t, 500, 4), email()
	lost, err := anonymous().PlaceOrder(t.Context(), uuid.NewString(), guestCheckout(t, sku, 2, address))
	if err != nil || lost.Status != "confirmed" || lost.CustomerID != lost.ID || lost.AccessToken == "" {
		t.Fatalf("%+v, %v", lost, err)
	}
	if _, err := running.Mails(t.Context(), address, "Your order "+lost.Number+" is confirmed", 1); err != nil {
		t.Fatal(err)
	}
	guest := lookedUp(t, lost.ID, lost.Number, address)
	if err := staff(t).Do(t.Context(), http.MethodPost, "/v1/admin/orders/"+lost.ID+"/dispatch", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, 90*time.Second, "the order is delivered", func() bool {
		order, err := guest.Order(t.Context(), lost.ID)
		return err == nil && order.Status == "delivered"
	})
	if goods, err := guest.RequestReturn(t.Context(), lost.ID, sendBack(sku, 1)); err != nil || goods.Status != "requested" {
		t.Fatalf("return %+v, %v", goods, err)
	}
	account, _, err := anonymous().Register(t.Context(), address, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	if ids := orderIDs(t, account); len(ids) != 0 {
		t.Errorf("before the address is confirmed: %v", ids)
	}
	_, token, err := running.MailToken(t.Context(), address, testshop.ConfirmEmail)
	if err != nil {
		t.Fatal(err)
	}
	if err := anonymous().Do(t.Context(), http.MethodPost, "/v1/email-verifications/confirmation", map[string]string{"token": token}, nil); err != nil {
		t.Fatal(err)
	}
	if ids := orderIDs(t, account); len(ids) != 1 || ids[0] != lost.ID {
		t.Errorf("the account has %v, want %s", ids, lost.ID)
	}
	_, err = guest.Order(t.Context(), lost.ID)
	wantProblem(t, err, http.StatusNotFound, "not_found")
}

// lookedUp gets access to an order by mail.
func lookedUp(t *testing.T, orderID, number, address string) *shop.Client {
	t.Helper()
	if err := anonymous().Do(t.Context(), http.MethodPost, "/v1/order-lookups", map[string]string{"number": number, "email": address}, nil); err != nil {
		t.Fatal(err)
	}
	page, token, err := running.MailToken(t.Context(), address, "Your link to order "+number)
	if err != nil || page != running.URL()+"/orders" {
		t.Fatalf("the link leads to %q, %v", page, err)
	}
	var access struct {
		OrderID     string `json:"order_id"`
		AccessToken string `json:"access_token"`
	}
	redeem := func() error {
		return anonymous().Do(t.Context(), http.MethodPost, "/v1/order-lookups/confirmation", map[string]string{"token": token}, &access)
	}
	if err := redeem(); err != nil || access.OrderID != orderID {
		t.Fatalf("%+v, %v", access, err)
	}
	wantProblem(t, redeem(), http.StatusUnprocessableEntity, "invalid_mail_token")
	return anonymous().As(access.AccessToken)
}

func orderIDs(t *testing.T, c *shop.Client) (ids []string) {
	t.Helper()
	var page struct{ Items []shop.Order }
	if err := c.Do(t.Context(), http.MethodGet, "/v1/orders", nil, &page); err != nil {
		t.Fatal(err)
	}
	for _, order := range page.Items {
		ids = append(ids, order.ID)
	}
	return ids
}

func TestAGuestsTokenIsGoodForOneOrder(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	one, err := anonymous().PlaceOrder(t.Context(), uuid.NewString(), guestCheckout(t, sku, 1, email()))
	if err != nil {
		t.Fatal(err)
	}
	other := buy(t, customer(t), sku, 1)
	guest := anonymous().As(one.AccessToken)
	if _, err := guest.Order(t.Context(), one.ID); err != nil {
		t.Error(err)
	}
	_, err = guest.Order(t.Context(), other.ID)
	wantProblem(t, err, http.StatusNotFound, "not_found")
	for _, r := range [][2]string{
		{http.MethodGet, "/v1/orders"}, {http.MethodGet, "/v1/me"}, {http.MethodPost, "/v1/carts"}, {http.MethodGet, "/v1/admin/orders"},
		{http.MethodPost, "/v1/admin/orders/" + one.ID + "/dispatch"},
	} {
		wantProblem(t, guest.Do(t.Context(), r[0], r[1], nil, nil), http.StatusUnauthorized, "unauthenticated")
	}
	if err := guest.Do(t.Context(), http.MethodPost, "/v1/orders/"+one.ID+"/cancellation", nil, nil); err != nil {
		t.Error(err)
	}
}

func TestAGuestsCheckoutIsAnsweredTheSameAgain(t *testing.T) {
	t.Parallel()
	body := guestCheckout(t, stocked(t, 500, 4), 1, email())
	key := shop.Header{Name: "Idempotency-Key", Value: uuid.NewString()}
	var answers [][]byte
	for range 2 {
		got, err := anonymous().Send(t.Context(), http.MethodPost, "/v1/orders", body, key)
		if err != nil || got.Status != http.StatusCreated {
			t.Fatalf("%d %s, %v", got.Status, got.Body, err)
		}
		answers = append(answers, got.Body)
	}
	if !bytes.Equal(answers[0], answers[1]) {
		t.Errorf("%s\n%s", answers[0], answers[1])
	}
}

func TestAGuestNeedsAnEmailAndAnAddress(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 500, 4)
	send := func(c *shop.Client, body shop.Checkout) error {
		_, err := c.PlaceOrder(t.Context(), uuid.NewString(), body)
		return err
	}
	body := guestCheckout(t, sku, 1, "")
	wantProblem(t, send(anonymous(), body), http.StatusUnauthorized, "unauthenticated")
	body.Email = "ada"
	wantProblem(t, send(anonymous(), body), http.StatusUnprocessableEntity, "validation_failed")
	body.Email = email()
	wantProblem(t, send(customer(t), body), http.StatusUnprocessableEntity, "validation_failed")
	body.ShippingAddress, body.AddressID = nil, uuid.NewString()
	wantProblem(t, send(anonymous(), body), http.StatusUnprocessableEntity, "validation_failed")
	owner := customer(t)
	body = checkout(t, owner, sku, 1, "pm_card_visa")
	body.Email = email()
	wantProblem(t, send(anonymous(), body), http.StatusNotFound, "not_found")
}

func TestALookupTellsNothing(t *testing.T) {
	t.Parallel()
	address := email()
	order, err := anonymous().PlaceOrder(t.Context(), uuid.NewString(), guestCheckout(t, stocked(t, 500, 4), 1, address))
	if err != nil {
		t.Fatal(err)
	}
	for _, asked := range []map[string]string{{"number": order.Number, "email": address}, {"number": "S-00000000", "email": email()}} {
		got, err := anonymous().Send(t.Context(), http.MethodPost, "/v1/order-lookups", asked)
		if err != nil || got.Status != http.StatusAccepted || len(got.Body) > 0 {
			t.Errorf("%v: %d %q, %v", asked, got.Status, got.Body, err)
		}
	}
}
