package grpcapi_test

import (
	"context"
	"slices"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
)

// boss returns the context of calls by an owner, and the id of the account.
func (b *bundle) boss(t *testing.T) (context.Context, string) {
	t.Helper()
	if err := b.service.EnsureStaff(t.Context(), "boss@example.com", password); err != nil {
		t.Fatal(err)
	}
	answer, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: "boss@example.com", Password: password})
	if err != nil {
		t.Fatal(err)
	}
	return as(t, answer.GetSession()), answer.GetSession().GetCustomer().GetId()
}

func TestAnOwnerInvitesChangesAndDisablesStaff(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, boss := b.boss(t)
	me, err := b.GetMe(ctx, &customersv1.GetMeRequest{})
	if want := []string{"customer", "staff"}; err != nil || !slices.Equal(me.GetCustomer().GetRoles(), want) {
		t.Errorf("the roles of an owner: %v, %v; want %v", me.GetCustomer().GetRoles(), err, want)
	}
	invited, err := b.staff.InviteStaff(ctx, &customersv1.InviteStaffRequest{Email: "eve@example.com", Roles: []string{"support"}})
	if err != nil || invited.GetMember().GetEmail() != "eve@example.com" || !slices.Equal(invited.GetMember().GetRoles(), []string{"support"}) {
		t.Fatalf("%v, %v", invited, err)
	}
	id := invited.GetMember().GetId()
	changed, err := b.staff.ChangeStaffRoles(ctx, &customersv1.ChangeStaffRolesRequest{Id: id, Roles: []string{"catalog", "manager"}})
	if err != nil || !slices.Equal(changed.GetMember().GetRoles(), []string{"manager", "catalog"}) {
		t.Errorf("%v, %v", changed, err)
	}
	first, err := b.staff.ListStaff(ctx, &customersv1.ListStaffRequest{Limit: 1})
	if err != nil || len(first.GetStaff()) != 1 || first.GetStaff()[0].GetId() != boss || first.GetNextCursor() == "" {
		t.Errorf("%v, %v", first, err)
	}
	rest, err := b.staff.ListStaff(ctx, &customersv1.ListStaffRequest{Cursor: first.GetNextCursor()})
	if err != nil || len(rest.GetStaff()) != 1 || rest.GetStaff()[0].GetId() != id || rest.GetNextCursor() != "" {
		t.Errorf("%v, %v", rest, err)
	}
	if _, err := b.staff.DisableStaff(ctx, &customersv1.DisableStaffRequest{Id: id}); err != nil {
		t.Error(err)
	}
}

func TestErrorsAboutStaffCarryTheirReasons(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, boss := b.boss(t)
	_, err := b.staff.InviteStaff(ctx, &customersv1.InviteStaffRequest{Email: "Boss@example.com", Roles: []string{"owner"}})
	grpctest.Expect(t, "inviting staff", err, codes.AlreadyExists, "EMAIL_TAKEN")
	_, err = b.staff.InviteStaff(ctx, &customersv1.InviteStaffRequest{Email: "eve@example.com", Roles: []string{"staff"}})
	grpctest.Expect(t, "a role that is none", err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = b.staff.ChangeStaffRoles(ctx, &customersv1.ChangeStaffRolesRequest{Id: boss, Roles: []string{"support"}})
	grpctest.Expect(t, "demoting the last owner", err, codes.FailedPrecondition, "LAST_OWNER")
	_, err = b.staff.DisableStaff(ctx, &customersv1.DisableStaffRequest{Id: boss})
	grpctest.Expect(t, "disabling the last owner", err, codes.FailedPrecondition, "LAST_OWNER")
	_, err = b.staff.DisableStaff(ctx, &customersv1.DisableStaffRequest{Id: uuid.NewString()})
	grpctest.Expect(t, "disabling nobody", err, codes.NotFound, "STAFF_NOT_FOUND")
	_, err = b.staff.ListStaff(ctx, &customersv1.ListStaffRequest{Cursor: "x"})
	grpctest.Expect(t, "a bad cursor", err, codes.InvalidArgument, "BAD_CURSOR")
	customer, _ := b.signIn(t, email)
	_, err = b.staff.ListStaff(customer, &customersv1.ListStaffRequest{})
	grpctest.Expect(t, "a customer", err, codes.PermissionDenied, "")
}
