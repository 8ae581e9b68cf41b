package grpcapi_test

import (
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
)

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	b := setup(t)
	ctx, _ := b.signIn(t, email)
	other, err := b.Login(t.Context(), &customersv1.LoginRequest{Email: email, Password: password, UserAgent: "Phone/1"})
	if err != nil {
		t.Fatal(err)
	}
	list, err := b.ListSessions(ctx, &customersv1.ListSessionsRequest{})
	if err != nil || len(list.GetSessions()) != 2 || list.GetNextCursor() != "" {
		t.Fatalf("%v, %v", list, err)
	}
	phone, own := list.GetSessions()[0], list.GetSessions()[1]
	if phone.GetCurrent() || !own.GetCurrent() || phone.GetDevice() != "Phone/1" || phone.GetCreatedAt().AsTime().IsZero() || phone.GetLastUsedAt().AsTime().Before(phone.GetCreatedAt().AsTime()) {
		t.Errorf("%v", list)
	}
	if _, err := b.EndSession(ctx, &customersv1.EndSessionRequest{Id: phone.GetId()}); err != nil {
		t.Fatal(err)
	}
	_, err = b.Refresh(t.Context(), &customersv1.RefreshRequest{RefreshToken: other.GetSession().GetRefreshToken()})
	grpctest.Expect(t, "a refresh of it", err, codes.Unauthenticated, "INVALID_REFRESH_TOKEN")
	_, err = b.EndSession(ctx, &customersv1.EndSessionRequest{Id: uuid.NewString()})
	grpctest.Expect(t, "an unknown session", err, codes.NotFound, "SESSION_NOT_FOUND")
	_, err = b.ListSessions(ctx, &customersv1.ListSessionsRequest{Cursor: "x"})
	grpctest.Expect(t, "a bad cursor", err, codes.InvalidArgument, "BAD_CURSOR")
	_, err = b.ListSessions(t.Context(), &customersv1.ListSessionsRequest{})
	grpctest.Expect(t, "a call without a token", err, codes.Unauthenticated, "")
}
