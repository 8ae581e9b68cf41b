package edge

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"souk/platform/access"
)

// who maps every operation of the contract to its allowed callers, as listed in the REST contract: "anyone" needs no token, and
// a "holder" may have one. An "owner" is a customer or a guest with the token of an order.
var who = map[string]string{
	"POST /v1/customers": "anyone", "POST /v1/sessions": "anyone", "POST /v1/sessions/refresh": "anyone",
	"DELETE /v1/sessions/current": "customer", "GET /v1/me": "customer", "PATCH /v1/me": "customer",
	"POST /v1/password-resets": "anyone", "POST /v1/password-resets/confirmation": "anyone",
	"POST /v1/email-verifications": "customer", "POST /v1/email-verifications/confirmation": "anyone",
	"GET /v1/me/sessions": "customer", "DELETE /v1/me/sessions/{id}": "customer",
	"GET /v1/me/export":          "customer",
	"GET /v1/sign-in/{provider}": "anyone", "GET /v1/sign-in/{provider}/callback": "anyone", "POST /v1/me/identities": "customer",
	"GET /v1/me/identities": "customer", "DELETE /v1/me/identities/{id}": "customer",
	"POST /v1/me/second-factor": "customer", "DELETE /v1/me/second-factor": "customer", "POST /v1/me/second-factor/confirmation": "customer",
	"PUT /v1/me/email":    "customer",
	"PUT /v1/me/password": "customer", "POST /v1/me/deletion": "customer",
	"GET /v1/me/addresses": "customer", "POST /v1/me/addresses": "customer",
	"PUT /v1/me/addresses/{id}": "customer", "DELETE /v1/me/addresses/{id}": "customer",
	"GET /v1/products/{id}/recommendations": "anyone", "GET /v1/carts/{id}/recommendations": "holder",
	"GET /.well-known/jwks.json": "anyone", "GET /.well-known/oauth-authorization-server": "anyone",
	"POST /oauth/token": "anyone", "POST /oauth/revoke": "anyone",
	"GET /v1/products": "anyone", "GET /v1/products/{id}": "anyone", "GET /v1/categories": "anyone", "GET /v1/products/suggestions": "anyone",
	"POST /v1/products": "staff", "PATCH /v1/products/{id}": "staff", "DELETE /v1/products/{id}": "staff",
	"POST /v1/product-imports": "staff", "GET /v1/product-exports": "staff", "GET /v1/inventory/{sku}": "staff", "POST /v1/inventory/{sku}/adjustments": "staff",
	"POST /v1/carts": "holder", "GET /v1/carts/{id}": "holder", "POST /v1/shipping-quotes": "holder",
	"PUT /v1/carts/{id}/items/{sku}": "holder", "DELETE /v1/carts/{id}/items/{sku}": "holder",
	"POST /v1/carts/{id}/claim": "customer", "GET /v1/carts/current": "customer",
	"POST /v1/orders": "holder", "GET /v1/orders": "customer", "GET /v1/orders/{id}": "owner",
	"POST /v1/order-lookups": "anyone", "POST /v1/order-lookups/confirmation": "anyone",
	"GET /v1/orders/{id}/events": "owner", "POST /v1/orders/{id}/event-tickets": "owner",
	"POST /v1/orders/{id}/cancellation": "owner", "POST /v1/orders/{id}/returns": "owner",
	"DELETE /v1/orders/{id}/returns/{return_id}": "owner",
	"GET /v1/admin/audit":                        "staff",
	"GET /v1/admin/products":                     "staff", "GET /v1/admin/products/{id}": "staff", "POST /v1/admin/products/{id}/restoration": "staff",
	"GET /v1/admin/synonyms": "staff", "PUT /v1/admin/synonyms": "staff",
	"GET /v1/admin/returns": "staff", "POST /v1/admin/returns/{id}/refusal": "staff",
	"GET /v1/admin/dependencies": "staff",
	"GET /v1/admin/customers":    "staff",
	"GET /v1/admin/staff":        "staff", "POST /v1/admin/staff": "staff",
	"GET /v1/admin/clients": "staff", "POST /v1/admin/clients": "staff", "DELETE /v1/admin/clients/{id}": "staff",
	"PATCH /v1/admin/staff/{id}": "staff", "DELETE /v1/admin/staff/{id}": "staff",
	"GET /v1/admin/orders": "staff", "POST /v1/admin/orders/{id}/dispatch": "staff",
	"POST /v1/admin/orders/{id}/cancellation": "staff",
	"POST /v1/admin/returns/{id}/receive":     "staff", "POST /v1/admin/orders/{id}/refunds": "staff",
	"POST /v1/webhooks/payments/{provider}": "anyone",
	"GET /healthz":                          "anyone", "GET /readyz": "anyone",
}

func TestEveryOperationAdmitsOnlyTheCallersTheContractNames(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	tokens := map[string]string{
		"nobody": "", "garbage": "not.a.token", "expired": e.keys.token(t, -time.Minute),
		"a customer": e.keys.token(t, time.Hour), "staff": e.staff, "a guest": e.keys.token(t, time.Hour, access.RoleGuest),
	}
	// The expected status by the allowed callers and the actual caller; 0 means that the request passes.
	const unauthenticated, forbidden = http.StatusUnauthorized, http.StatusForbidden
	answers := map[string]map[string]int{
		"anyone":   {},
		"holder":   {"garbage": unauthenticated, "expired": unauthenticated, "a guest": unauthenticated},
		"owner":    {"nobody": unauthenticated, "garbage": unauthenticated, "expired": unauthenticated},
		"customer": {"nobody": unauthenticated, "garbage": unauthenticated, "expired": unauthenticated, "a guest": unauthenticated},
		"staff": {
			"nobody": unauthenticated, "garbage": unauthenticated, "expired": unauthenticated, "a guest": unauthenticated, "a customer": forbidden,
		},
	}
	seen := map[string]bool{}
	for _, op := range contract(t) {
		pattern := op.method + " " + op.path
		seen[pattern] = true
		if who[pattern] == "" {
			t.Errorf("%s: add its allowed callers to this test", pattern)
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			for asking, token := range tokens {
				t.Run(asking, func(t *testing.T) {
					r := op.request(t, e)
					delete(r.header, "Authorization")
					if token != "" {
						r.header["Authorization"] = "Bearer " + token
					}
					a := e.send(t, r)
					switch answers[who[pattern]][asking] {
					case 0:
						a.mustPass(t)
					case unauthenticated:
						a.mustBe(t, unauthenticated, "unauthenticated", "")
						if got := a.header.Get("WWW-Authenticate"); got != "Bearer" {
							t.Errorf("WWW-Authenticate %q, want Bearer", got)
						}
					case forbidden:
						a.mustBe(t, forbidden, "forbidden", "")
					}
				})
			}
		})
	}
	for pattern := range who {
		if !seen[pattern] {
			t.Errorf("openapi.yaml has no %s", pattern)
		}
	}
}

func TestUnauthenticatedRequestsAreNotValidated(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for _, op := range contract(t) {
		if w := who[op.method+" "+op.path]; w != "customer" && w != "owner" && w != "staff" {
			continue
		}
		t.Run(op.id, func(t *testing.T) {
			t.Parallel()
			r := op.request(t, e)
			r.header = map[string]string{"Content-Type": "text/plain"}
			r.path += "?limit=0"
			r.body = strings.NewReader("{")
			e.send(t, r).mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
		})
	}
}

func TestATokenIsTakenFromABearerHeaderOnly(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	token := e.keys.token(t, time.Hour)
	for header, passes := range map[string]bool{
		"Bearer " + token: true, "bearer " + token: true, "BEARER " + token: true,
		token: false, "Basic " + token: false, "Bearer": false, "Bearer " + token + "x": false, "Bearer  " + token: false,
		"Bearer " + token[:strings.LastIndex(token, ".")+1]: false, "Token " + token: false, "Bearer \xff": false,
	} {
		a := e.send(t, request{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": header}})
		if passes {
			a.mustPass(t)
		} else {
			a.mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
		}
	}
	e.send(t, request{method: "GET", path: "/v1/me?access_token=" + token}).mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
	// If a guest sends an Authorization header, it must be valid.
	e.send(t, request{method: "POST", path: "/v1/carts", header: map[string]string{"Authorization": "Basic eDp5"}}).
		mustBe(t, http.StatusUnauthorized, "unauthenticated", "")
}

func TestRequestsWithATokenAreUnavailableWithoutKeys(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	e.keys.err = fmt.Errorf("%w: %w", access.ErrKeysUnavailable, errors.New("customers is away"))
	a := e.send(t, request{method: "GET", path: "/v1/me", header: map[string]string{"Authorization": "Bearer " + e.staff}})
	a.mustBe(t, http.StatusServiceUnavailable, "unavailable", "")
	if a.header.Get("Retry-After") == "" || strings.Contains(string(a.body), "customers") {
		t.Errorf("Retry-After %q, body %s", a.header.Get("Retry-After"), a.body)
	}
	e.send(t, request{method: "GET", path: "/v1/products"}).mustPass(t)
	e.send(t, request{method: "POST", path: "/v1/carts"}).mustPass(t)
}
