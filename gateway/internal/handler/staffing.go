package handler

import (
	"context"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/gateway/internal/api"
)

// ListStaff returns the accounts of staff.
func (h *Handler) ListStaff(ctx context.Context, req api.ListStaffRequestObject) (api.ListStaffResponseObject, error) {
	answer, err := h.Staff.ListStaff(ctx, &customersv1.ListStaffRequest{Limit: value(req.Params.Limit), Cursor: value(req.Params.Cursor)})
	if err != nil {
		return nil, err
	}
	return api.ListStaff200JSONResponse{Items: views(answer.GetStaff(), staffView), NextCursor: optional(answer.GetNextCursor())}, nil
}

// InviteStaff invites somebody by a mail.
func (h *Handler) InviteStaff(ctx context.Context, req api.InviteStaffRequestObject) (api.InviteStaffResponseObject, error) {
	answer, err := h.Staff.InviteStaff(ctx, &customersv1.InviteStaffRequest{Email: req.Body.Email, Roles: roleNames(req.Body.Roles)})
	if err != nil {
		return nil, err
	}
	return api.InviteStaff201JSONResponse(staffView(answer.GetMember())), nil
}

// ChangeStaff replaces the roles of an account of staff.
func (h *Handler) ChangeStaff(ctx context.Context, req api.ChangeStaffRequestObject) (api.ChangeStaffResponseObject, error) {
	answer, err := h.Staff.ChangeStaffRoles(ctx, &customersv1.ChangeStaffRolesRequest{Id: req.Id, Roles: roleNames(req.Body.Roles)})
	if err != nil {
		return nil, err
	}
	return api.ChangeStaff200JSONResponse(staffView(answer.GetMember())), nil
}

// DisableStaff takes all roles from an account and ends its sessions.
func (h *Handler) DisableStaff(ctx context.Context, req api.DisableStaffRequestObject) (api.DisableStaffResponseObject, error) {
	if _, err := h.Staff.DisableStaff(ctx, &customersv1.DisableStaffRequest{Id: req.Id}); err != nil {
		return nil, err
	}
	return api.DisableStaff204Response{}, nil
}

func roleNames(roles []api.StaffRole) []string {
	return views(roles, func(role api.StaffRole) string { return string(role) })
}

func staffView(m *customersv1.StaffMember) api.StaffMember {
	return api.StaffMember{
		Id: m.GetId(), Email: m.GetEmail(), CreatedAt: m.GetCreatedAt().AsTime(),
		Roles: views(m.GetRoles(), func(role string) api.StaffRole { return api.StaffRole(role) }),
	}
}
