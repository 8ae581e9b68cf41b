package journey

import (
	"encoding/json"
	"net/http"
	"testing"

	"souk/e2e/shop"
)

// openSession is an item of GET /v1/me/sessions.
type openSession struct {
	ID      string `json:"id"`
	Device  string `json:"device"`
	Current bool   `json:"current"`
}

func sessionsOf(t *testing.T, c *shop.Client) []openSession {
	t.Helper()
	var list struct {
		Items []openSession `json:"items"`
	}
	if err := c.Do(t.Context(), http.MethodGet, "/v1/me/sessions", nil, &list); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestACustomerEndsTheSessionOfALostPhone(t *testing.T) {
	t.Parallel()
	who := email()
	laptop, _, err := anonymous().Register(t.Context(), who, password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	resp, err := anonymous().Send(t.Context(), http.MethodPost, "/v1/sessions", map[string]string{"email": who, "password": password},
		shop.Header{Name: "User-Agent", Value: "Phone/1"})
	if err != nil {
		t.Fatal(err)
	}
	var phone shop.Session
	if err := json.Unmarshal(resp.Body, &phone); err != nil {
		t.Fatal(err)
	}
	listed := sessionsOf(t, laptop)
	if len(listed) != 2 || listed[0].Device != "Phone/1" || listed[0].Current || !listed[1].Current {
		t.Fatalf("%+v", listed)
	}
	wantProblem(t, customer(t).Do(t.Context(), http.MethodDelete, "/v1/me/sessions/"+listed[0].ID, nil, nil), http.StatusNotFound, "not_found")
	if err := laptop.Do(t.Context(), http.MethodDelete, "/v1/me/sessions/"+listed[0].ID, nil, nil); err != nil {
		t.Fatal(err)
	}
	refresh := map[string]string{"refresh_token": phone.RefreshToken}
	wantProblem(t, anonymous().Do(t.Context(), http.MethodPost, "/v1/sessions/refresh", refresh, nil), http.StatusUnauthorized, "invalid_refresh_token")
	if left := sessionsOf(t, laptop); len(left) != 1 || !left[0].Current {
		t.Errorf("%+v", left)
	}
}
