package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/rpc"
)

const currentCart = cartsv1.CartsService_GetCurrentCart_FullMethodName

var noon = time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)

// exportable gives customer-1 that many orders, in pages, two sessions on two pages, and no cart.
func exportable(t *testing.T, orders int) *shop {
	t.Helper()
	s := open(t)
	on(s, customersv1.CustomersService_GetMe_FullMethodName, returns[*customersv1.GetMeRequest](&customersv1.GetMeResponse{Customer: sam}))
	on(s, customersv1.CustomersService_GetPersonalData_FullMethodName, returns[*customersv1.GetPersonalDataRequest](&customersv1.GetPersonalDataResponse{
		NextEmail: "sam@example.org", Devices: []string{"Firefox on Linux"}, SecondFactorSince: timestamppb.New(noon), RecoveryCodesLeft: 9,
		Identities: []*customersv1.Identity{{Provider: "example", Issuer: "https://id.example.com", Subject: "u1", Email: "sam@example.com", LinkedAt: timestamppb.New(noon)}},
	}))
	on(s, customersv1.CustomersService_ListAddresses_FullMethodName, returns[*customersv1.ListAddressesRequest](
		&customersv1.ListAddressesResponse{Addresses: []*customersv1.Address{{Id: "a1", City: "Leeds"}}}))
	on(s, customersv1.CustomersService_ListSessions_FullMethodName,
		func(_ context.Context, req *customersv1.ListSessionsRequest) (*customersv1.ListSessionsResponse, error) {
			if req.GetCursor() == "" {
				return &customersv1.ListSessionsResponse{Sessions: []*customersv1.OpenSession{{Id: "s2"}}, NextCursor: "s2"}, nil
			}
			return &customersv1.ListSessionsResponse{Sessions: []*customersv1.OpenSession{{Id: "s1"}}}, nil
		})
	s.fail(currentCart, rpc.Error(codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, "there is no cart"))
	on(s, listShipments, func(_ context.Context, req *shippingv1.ListShipmentsRequest) (*shippingv1.ListShipmentsResponse, error) {
		answer := &shippingv1.ListShipmentsResponse{}
		for _, id := range req.GetOrderIds() {
			answer.Shipments = append(answer.Shipments, &shippingv1.Shipment{Id: "parcel of " + id, OrderId: id, Status: shippingv1.Status_STATUS_IN_TRANSIT})
		}
		return answer, nil
	})
	on(s, listOrders, func(_ context.Context, req *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
		from := 0
		if _, err := fmt.Sscan(req.GetCursor(), &from); err != nil && req.GetCursor() != "" {
			t.Error(err)
		}
		return orderPage(from, int(req.GetLimit()), orders), nil
	})
	return s
}

func orderPage(from, limit, all int) *ordersv1.ListOrdersResponse {
	page := &ordersv1.ListOrdersResponse{}
	for i := from; i < min(from+limit, all); i++ {
		page.Orders = append(page.Orders, &ordersv1.Order{
			Id: fmt.Sprint("order-", i), Number: strings.Repeat("1", 1000), Status: ordersv1.Status_STATUS_FULFILLED,
			Payment: &ordersv1.Payment{Status: "captured", Captured: gbp(500), Refunded: gbp(0), Authorized: gbp(500)},
			Totals:  &ordersv1.Totals{Subtotal: gbp(500), Shipping: gbp(0), Tax: gbp(0), Total: gbp(500)},
		})
	}
	if from+limit < all {
		page.NextCursor = fmt.Sprint(from + limit)
	}
	return page
}

func TestAnExportHasEverything(t *testing.T) {
	t.Parallel()
	const orders = 620 // more than fits into the buffer
	s := exportable(t, orders)
	on(s, currentCart, returns[*cartsv1.GetCurrentCartRequest](&cartsv1.GetCurrentCartResponse{Cart: &cartsv1.Cart{
		Id: "c1", Lines: []*cartsv1.Line{{Sku: "MUG", Quantity: 2}}, ExpiresAt: timestamppb.New(noon),
	}}))
	r := s.send(t, customer, "GET", "/v1/me/export", nil)
	var got map[string]json.RawMessage
	if err := json.Unmarshal(r.body, &got); err != nil || r.status != 200 || r.header.Get("Content-Type") != "application/json" {
		t.Fatalf("answered %d: %v", r.status, err)
	}
	for name, want := range map[string]string{
		"account": samJSON, "cart": `{"id": "c1", "lines": [{"sku": "MUG", "quantity": 2}], "expires_at": "2026-09-01T12:00:00Z"}`,
		"sign_in": `{"next_email": "sam@example.org", "email_refused": false, "devices": ["Firefox on Linux"],
			"second_factor": {"since": "2026-09-01T12:00:00Z", "recovery_codes_left": 9},
			"identities": [{"provider": "example", "issuer": "https://id.example.com", "subject": "u1", "email": "sam@example.com", "linked_at": "2026-09-01T12:00:00Z"}]}`,
	} {
		reply{status: 200, body: got[name]}.mustBe(t, 200, want)
	}
	var list []struct {
		ID        string
		Shipments []struct{ ID string }
	}
	if err := json.Unmarshal(got["orders"], &list); err != nil || len(list) != orders {
		t.Fatalf("%d orders, %v", len(list), err)
	}
	for i, o := range list {
		if id := fmt.Sprint("order-", i); o.ID != id || len(o.Shipments) != 1 || o.Shipments[0].ID != "parcel of "+id {
			t.Errorf("order %d: %+v", i, o)
		}
	}
	if n := strings.Count(string(got["sessions"]), `"id":`); n != 2 || !strings.Contains(string(got["addresses"]), "Leeds") {
		t.Errorf("%d sessions, and the addresses %s", n, got["addresses"])
	}
}

func TestAnExportOfANewAccount(t *testing.T) {
	t.Parallel()
	s := exportable(t, 0)
	r := s.send(t, customer, "GET", "/v1/me/export", nil)
	if r.status != 200 || !strings.HasSuffix(string(r.body), `"orders":[]}`) || strings.Contains(string(r.body), `"cart"`) {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	s.send(t, guest, "GET", "/v1/me/export", nil).refused(t, 401, "unauthenticated")
}

func TestAnExportWithoutOneOfItsServicesIsUnavailable(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		customersv1.CustomersService_GetMe_FullMethodName, customersv1.CustomersService_GetPersonalData_FullMethodName,
		customersv1.CustomersService_ListAddresses_FullMethodName, customersv1.CustomersService_ListSessions_FullMethodName,
		currentCart, listOrders, listShipments,
	} {
		s := exportable(t, 120)
		s.fail(method, status.Error(codes.Unavailable, "away"))
		s.send(t, customer, "GET", "/v1/me/export", nil).refused(t, 503, "unavailable")
	}
}

// 600 orders are more than fits into the buffer, so that a part was sent when a page fails.
func TestAnExportThatFailsLateIsCutOff(t *testing.T) {
	t.Parallel()
	s := exportable(t, 0)
	on(s, listOrders, func(_ context.Context, req *ordersv1.ListOrdersRequest) (*ordersv1.ListOrdersResponse, error) {
		from := 0
		_, _ = fmt.Sscan(req.GetCursor(), &from)
		if from >= 550 {
			return nil, status.Error(codes.Unavailable, "away")
		}
		return orderPage(from, int(req.GetLimit()), 600), nil
	})
	for _, encoding := range []string{"identity", "gzip"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/v1/me/export", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.token(t, customer))
		req.Header.Set("Accept-Encoding", encoding)
		resp, err := (&http.Client{Transport: &http.Transport{}}).Do(req) // not held to the contract, which has no half answers
		if err != nil {
			continue // cut off before the header was read
		}
		part, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err == nil || json.Valid(part) {
			t.Errorf("%s: %d bytes came as if they were whole, status %d", encoding, len(part), resp.StatusCode)
		}
	}
}
