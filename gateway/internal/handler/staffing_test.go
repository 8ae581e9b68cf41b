package handler_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
)

func packer() *customersv1.StaffMember {
	return &customersv1.StaffMember{Id: "s1", Email: "packer@example.com", Roles: []string{"fulfilment"}, CreatedAt: timestamppb.Now()}
}

func TestAnInvitationReachesCustomers(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, customersv1.StaffService_InviteStaff_FullMethodName,
		func(_ context.Context, req *customersv1.InviteStaffRequest) (*customersv1.InviteStaffResponse, error) {
			if req.GetEmail() != "packer@example.com" || !slices.Equal(req.GetRoles(), []string{"fulfilment", "support"}) {
				t.Errorf("asked %v", req)
			}
			return &customersv1.InviteStaffResponse{Member: packer()}, nil
		})
	r := s.send(t, staff, "POST", "/v1/admin/staff", `{"email": "packer@example.com", "roles": ["fulfilment", "support"]}`)
	r.mustBe(t, 201, "")
	if text := string(r.body); !strings.Contains(text, `"id":"s1"`) || !strings.Contains(text, `"roles":["fulfilment"]`) {
		t.Errorf("answered %s", text)
	}
	s.send(t, staff, "POST", "/v1/admin/staff", `{"email": "packer@example.com", "roles": ["chief"]}`).refused(t, 422, "validation_failed")
	s.send(t, staff, "POST", "/v1/admin/staff", `{"email": "packer@example.com", "roles": []}`).refused(t, 422, "validation_failed")
}

func TestChangesOfStaffReachCustomers(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, customersv1.StaffService_ChangeStaffRoles_FullMethodName,
		func(_ context.Context, req *customersv1.ChangeStaffRolesRequest) (*customersv1.ChangeStaffRolesResponse, error) {
			if req.GetId() != "s1" || !slices.Equal(req.GetRoles(), []string{"owner"}) {
				t.Errorf("asked %v", req)
			}
			return &customersv1.ChangeStaffRolesResponse{Member: packer()}, nil
		})
	on(s, customersv1.StaffService_DisableStaff_FullMethodName,
		func(_ context.Context, req *customersv1.DisableStaffRequest) (*customersv1.DisableStaffResponse, error) {
			if req.GetId() != "s1" {
				t.Errorf("asked %v", req)
			}
			return &customersv1.DisableStaffResponse{}, nil
		})
	on(s, customersv1.StaffService_ListStaff_FullMethodName,
		func(_ context.Context, req *customersv1.ListStaffRequest) (*customersv1.ListStaffResponse, error) {
			if req.GetLimit() != 7 || req.GetCursor() != "c" {
				t.Errorf("asked %v", req)
			}
			return &customersv1.ListStaffResponse{Staff: []*customersv1.StaffMember{packer()}, NextCursor: "d"}, nil
		})
	s.send(t, staff, "PATCH", "/v1/admin/staff/s1", `{"roles": ["owner"]}`).mustBe(t, 200, "")
	s.send(t, staff, "DELETE", "/v1/admin/staff/s1", nil).mustBe(t, 204, "")
	r := s.send(t, staff, "GET", "/v1/admin/staff?limit=7&cursor=c", nil)
	r.mustBe(t, 200, "")
	if text := string(r.body); !strings.Contains(text, `"next_cursor":"d"`) || !strings.Contains(text, "packer@example.com") {
		t.Errorf("answered %s", text)
	}
}

func TestStaffFindCustomers(t *testing.T) {
	t.Parallel()
	ada := &customersv1.Customer{Id: "c1", Email: "ada@example.com", Name: "Ada", EmailVerified: true}
	s := open(t)
	on(s, customersv1.StaffService_ListCustomers_FullMethodName,
		func(_ context.Context, req *customersv1.ListCustomersRequest) (*customersv1.ListCustomersResponse, error) {
			if req.GetQuery() == "ada" && req.GetLimit() == 7 && req.GetCursor() == "b" || slices.Equal(req.GetIds(), []string{"c1"}) {
				return &customersv1.ListCustomersResponse{Customers: []*customersv1.Customer{ada}, NextCursor: "n"}, nil
			}
			return &customersv1.ListCustomersResponse{}, nil
		})
	on(s, ordersv1.OrdersService_ListAllOrders_FullMethodName,
		func(_ context.Context, req *ordersv1.ListAllOrdersRequest) (*ordersv1.ListAllOrdersResponse, error) {
			// The query also matches the names of recipients.
			return &ordersv1.ListAllOrdersResponse{Orders: []*ordersv1.Order{{Number: "S-OTHER", CustomerId: "c2"}, {Number: "S-7K3M9QX2", CustomerId: "c1"}}}, nil
		})
	found := `{"id": "c1", "email": "ada@example.com", "name": "Ada", "email_verified": true, "created_at": "1970-01-01T00:00:00Z"}`
	s.send(t, staff, "GET", "/v1/admin/customers?q=ada&limit=7&cursor=b", nil).mustBe(t, 200, `{"items": [`+found+`], "next_cursor": "n"}`)
	s.send(t, staff, "GET", "/v1/admin/customers?q=s-7k3m9qx2", nil).mustBe(t, 200, `{"items": [`+found+`], "next_cursor": "n"}`)
	s.send(t, staff, "GET", "/v1/admin/customers?q=nobody", nil).mustBe(t, 200, `{"items": []}`)
	s.send(t, customer, "GET", "/v1/admin/customers", nil).refused(t, 403, "forbidden")
}
