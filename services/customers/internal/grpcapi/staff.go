package grpcapi

import (
	"context"

	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/services/customers/internal/customers"
)

// Staff implements customersv1.StaffServiceServer.
type Staff struct {
	customersv1.UnimplementedStaffServiceServer
	customers *customers.Service
}

// NewStaff returns a server of the accounts of staff.
func NewStaff(service *customers.Service) *Staff {
	return &Staff{customers: service}
}

// ListStaff returns the accounts of staff.
func (s *Staff) ListStaff(ctx context.Context, req *customersv1.ListStaffRequest) (*customersv1.ListStaffResponse, error) {
	found, next, err := s.customers.Staff(ctx, req.GetCursor(), int(req.GetLimit()))
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListStaffResponse{NextCursor: next}
	for _, c := range found {
		answer.Staff = append(answer.Staff, staffProto(c))
	}
	return answer, nil
}

// ListCustomers returns the accounts that match a query.
func (s *Staff) ListCustomers(ctx context.Context, req *customersv1.ListCustomersRequest) (*customersv1.ListCustomersResponse, error) {
	found, next, err := s.customers.Customers(ctx, customers.CustomerQuery{
		Text: req.GetQuery(), IDs: req.GetIds(), Limit: int(req.GetLimit()), Cursor: req.GetCursor(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &customersv1.ListCustomersResponse{NextCursor: next}
	for _, c := range found {
		answer.Customers = append(answer.Customers, customerProto(c))
	}
	return answer, nil
}

// InviteStaff invites somebody by a mail.
func (s *Staff) InviteStaff(ctx context.Context, req *customersv1.InviteStaffRequest) (*customersv1.InviteStaffResponse, error) {
	invited, err := s.customers.InviteStaff(ctx, req.GetEmail(), req.GetRoles())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.InviteStaffResponse{Member: staffProto(invited)}, nil
}

// ChangeStaffRoles replaces the roles of an account.
func (s *Staff) ChangeStaffRoles(ctx context.Context, req *customersv1.ChangeStaffRolesRequest) (*customersv1.ChangeStaffRolesResponse, error) {
	changed, err := s.customers.ChangeRoles(ctx, req.GetId(), req.GetRoles())
	if err != nil {
		return nil, wireError(err)
	}
	return &customersv1.ChangeStaffRolesResponse{Member: staffProto(changed)}, nil
}

// DisableStaff takes all roles from an account and ends its sessions.
func (s *Staff) DisableStaff(ctx context.Context, req *customersv1.DisableStaffRequest) (*customersv1.DisableStaffResponse, error) {
	if err := s.customers.DisableStaff(ctx, req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &customersv1.DisableStaffResponse{}, nil
}

func staffProto(c customers.Customer) *customersv1.StaffMember {
	return &customersv1.StaffMember{Id: c.ID, Email: c.Email, Roles: c.StaffRoles(), CreatedAt: timestamppb.New(c.CreatedAt)}
}
