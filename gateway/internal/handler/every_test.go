package handler_test

import (
	"context"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
)

const addressBody = `{"name": "Sam", "line1": "1", "city": "Leeds", "postal_code": "LS1", "country": "GB"}`

// every contains a valid request to each operation that calls a service.
var every = []struct {
	method, path string
	body         any
}{
	{"POST", "/v1/customers", `{"email": "sam@example.com", "password": "correct horse", "name": "Sam"}`},
	{"POST", "/v1/sessions", `{"email": "sam@example.com", "password": "correct horse"}`},
	{"POST", "/v1/sessions", `{"code": "x.y"}`},
	{"GET", "/v1/sign-in/example", nil},
	{"GET", "/v1/sign-in/example/callback?state=x&code=y", nil},
	{"POST", "/v1/me/identities", `{"code": "x.y"}`},
	{"GET", "/v1/me/identities", nil},
	{"DELETE", "/v1/me/identities/i1", nil},
	{"POST", "/v1/sessions/refresh", `{"refresh_token": "x"}`},
	{"DELETE", "/v1/sessions/current", nil},
	{"GET", "/v1/me", nil},
	{"GET", "/v1/me/sessions", nil},
	{"DELETE", "/v1/me/sessions/s1", nil},
	{"PATCH", "/v1/me", `{"name": "Sam"}`},
	{"PUT", "/v1/me/password", `{"current_password": "correct horse", "new_password": "battery staple"}`},
	{"GET", "/v1/me/export", nil},
	{"POST", "/v1/me/second-factor", nil},
	{"POST", "/v1/me/second-factor/confirmation", `{"code": "492039"}`},
	{"DELETE", "/v1/me/second-factor", `{"password": "correct horse", "code": "492039"}`},
	{"PUT", "/v1/me/email", `{"email": "sam@example.org", "password": "correct horse"}`},
	{"POST", "/v1/password-resets", `{"email": "sam@example.com"}`},
	{"POST", "/v1/password-resets/confirmation", `{"token": "x", "password": "battery staple"}`},
	{"POST", "/v1/email-verifications", nil},
	{"POST", "/v1/email-verifications/confirmation", `{"token": "x"}`},
	{"POST", "/v1/me/deletion", `{"password": "correct horse"}`},
	{"GET", "/v1/me/addresses", nil},
	{"POST", "/v1/me/addresses", addressBody},
	{"PUT", "/v1/me/addresses/a1", addressBody},
	{"DELETE", "/v1/me/addresses/a1", nil},
	{"GET", "/.well-known/jwks.json", nil},
	{"GET", "/v1/products", nil},
	{"GET", "/v1/products/p1", nil},
	{"GET", "/v1/categories", nil},
	{"GET", "/v1/products/suggestions?q=mug", nil},
	{"POST", "/v1/products", `{"title": "T", "variants": [{"sku": "S", "price": {"amount": 1, "currency": "GBP"}}]}`},
	{"PATCH", "/v1/products/p1", `{"title": "T"}`},
	{"DELETE", "/v1/products/p1", nil},
	{"POST", "/v1/product-imports", []byte("Handle,Title\n")},
	{"GET", "/v1/product-exports", nil},
	{"GET", "/v1/inventory/SKU", nil},
	{"POST", "/v1/inventory/SKU/adjustments", `{"delta": 1, "reason": "found"}`},
	{"POST", "/v1/carts", nil},
	{"GET", "/v1/carts/c1", nil},
	{"GET", "/v1/carts/current", nil},
	{"PUT", "/v1/carts/c1/items/SKU", `{"quantity": 1}`},
	{"DELETE", "/v1/carts/c1/items/SKU", nil},
	{"POST", "/v1/carts/c1/claim", nil},
	{"POST", "/v1/shipping-quotes", `{"cart_id": "c1", "address": {"country": "GB", "postal_code": "LS1"}}`},
	{"POST", "/v1/orders", checkout},
	{"POST", "/v1/order-lookups", `{"number": "S-7K3M9QX2", "email": "sam@example.com"}`},
	{"POST", "/v1/order-lookups/confirmation", `{"token": "x"}`},
	{"GET", "/v1/orders", nil},
	{"GET", "/v1/orders/o1", nil},
	{"GET", "/v1/orders/o1/events", nil},
	{"POST", "/v1/orders/o1/event-tickets", nil},
	{"POST", "/v1/orders/o1/cancellation", nil},
	{"POST", "/v1/orders/o1/returns", returnBody},
	{"DELETE", "/v1/orders/o1/returns/r1", nil},
	{"GET", "/v1/admin/orders", nil},
	{"GET", "/v1/admin/audit", nil},
	{"GET", "/v1/admin/products", nil},
	{"GET", "/v1/admin/products/p1", nil},
	{"POST", "/v1/admin/products/p1/restoration", nil},
	{"GET", "/v1/admin/synonyms", nil},
	{"PUT", "/v1/admin/synonyms", `{"groups": [{"terms": ["sofa", "couch"]}]}`},
	{"POST", "/v1/admin/orders/o1/cancellation", `{"reason": "damaged"}`},
	{"GET", "/v1/admin/returns", nil},
	{"POST", "/v1/admin/returns/r1/refusal", `{"reason": "It was worn"}`},
	{"POST", "/v1/admin/orders/o1/dispatch", nil},
	{"POST", "/v1/admin/returns/r1/receive", nil},
	{"POST", "/v1/admin/orders/o1/refunds", refundBody},
	{"GET", "/v1/products/p1/recommendations", nil},
	{"GET", "/v1/carts/c1/recommendations", nil},
	{"GET", "/v1/admin/staff", nil},
	{"GET", "/v1/admin/customers?q=ada", nil},
	{"POST", "/v1/admin/staff", `{"email": "sam@example.com", "roles": ["support"]}`},
	{"PATCH", "/v1/admin/staff/s1", `{"roles": ["support"]}`},
	{"DELETE", "/v1/admin/staff/s1", nil},
	{"GET", "/v1/admin/clients", nil},
	{"POST", "/v1/admin/clients", `{"name": "The warehouse", "kind": "api_key", "scopes": ["orders:read"]}`},
	{"DELETE", "/v1/admin/clients/c1", nil},
	{"POST", "/oauth/token", url.Values{"grant_type": {"client_credentials"}, "client_id": {"c1"}, "client_secret": {"s"}}},
	{"POST", "/oauth/revoke", url.Values{"token": {"s1.secret"}}},
	{"POST", "/v1/webhooks/payments/stripe", `{}`},
}

func TestEveryOperationWithoutItsServiceIsUnavailable(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.imported.early = status.Error(codes.Unavailable, "away")
	for _, test := range every {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r := s.send(t, staff, test.method, test.path, test.body, "Idempotency-Key", "k", "If-Match", "*")
			r.refused(t, 503, "unavailable")
			if r.header.Get("Retry-After") != "1" {
				t.Errorf("Retry-After %q", r.header.Get("Retry-After"))
			}
		})
	}
}

func TestAnswersDoNotRevealInternalErrors(t *testing.T) {
	t.Parallel()
	s := open(t)
	secret := status.Error(codes.Internal, "secret")
	s.imported.early = secret
	for _, service := range []string{"CatalogService", "CustomersService", "CartsService", "InventoryService", "OrdersService", "PaymentsService", "KeysService", "RecommendationsService", "AuditService", "StaffService", "ClientsService", "SignInService"} {
		s.failAll(service, secret)
	}
	for _, test := range every {
		t.Run(test.method+" "+test.path, func(t *testing.T) {
			r := s.send(t, staff, test.method, test.path, test.body, "Idempotency-Key", "k", "If-Match", "*")
			if r.refused(t, 500, "internal"); strings.Contains(string(r.body), "secret") {
				t.Errorf("answered %s", r.body)
			}
		})
	}
}

func TestAClientThatLeavesEndsTheCall(t *testing.T) {
	t.Parallel()
	s := open(t)
	began, ended := make(chan struct{}), make(chan struct{})
	on(s, getProduct, func(ctx context.Context, _ *catalogv1.GetProductRequest) (*catalogv1.GetProductResponse, error) {
		close(began)
		<-ctx.Done()
		close(ended)
		return nil, ctx.Err()
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-began
		cancel()
	}()
	s.leave(t, ctx, "/v1/products/p1")
	select {
	case <-ended:
	case <-time.After(10 * time.Second):
		t.Error("catalog still works on it")
	}
}
