package handler_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

func TestSessionsAreListedAndEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	const end = customersv1.CustomersService_EndSession_FullMethodName
	at := time.Date(2026, 9, 1, 9, 0, 0, 0, time.UTC)
	on(s, customersv1.CustomersService_ListSessions_FullMethodName,
		func(ctx context.Context, req *customersv1.ListSessionsRequest) (*customersv1.ListSessionsResponse, error) {
			if access.FromContext(ctx).CustomerID != "customer-1" || req.GetLimit() != 1 || req.GetCursor() != "c" {
				t.Errorf("asked %v", req)
			}
			return &customersv1.ListSessionsResponse{NextCursor: "d", Sessions: []*customersv1.OpenSession{{
				Id: "s1", CreatedAt: timestamppb.New(at), LastUsedAt: timestamppb.New(at.Add(time.Hour)), Device: "Phone/1", Current: true,
			}}}, nil
		})
	on(s, end, func(_ context.Context, req *customersv1.EndSessionRequest) (*customersv1.EndSessionResponse, error) {
		if req.GetId() != "s1" {
			t.Errorf("asked %v", req)
		}
		return &customersv1.EndSessionResponse{}, nil
	})
	s.send(t, guest, "GET", "/v1/me/sessions", nil).refused(t, 401, "unauthenticated")
	s.send(t, customer, "GET", "/v1/me/sessions?limit=1&cursor=c", nil).mustBe(t, 200, `{"next_cursor": "d", "items": [{"id": "s1",
		"created_at": "2026-09-01T09:00:00Z", "last_used_at": "2026-09-01T10:00:00Z", "device": "Phone/1", "current": true}]}`)
	s.send(t, customer, "DELETE", "/v1/me/sessions/s1", nil).mustBe(t, 204, "")
	s.fail(end, rpc.Error(codes.NotFound, customersv1.ErrorReason_ERROR_REASON_SESSION_NOT_FOUND, "session not found"))
	s.send(t, customer, "DELETE", "/v1/me/sessions/s2", nil).refused(t, 404, "not_found")
}

func TestALoginPassesOnWhatTheClientCallsItself(t *testing.T) {
	t.Parallel()
	s := open(t)
	var device string
	on(s, customersv1.CustomersService_Login_FullMethodName, func(_ context.Context, req *customersv1.LoginRequest) (*customersv1.LoginResponse, error) {
		device = req.GetUserAgent()
		return &customersv1.LoginResponse{Session: &customersv1.Session{Customer: sam}}, nil
	})
	for given, want := range map[string]string{
		"Phone/1": "Phone/1", "Phone\xff/1": "Phone/1", strings.Repeat("a", 5000): strings.Repeat("a", 1000), strings.Repeat("a", 999) + "é": strings.Repeat("a", 999),
	} {
		r := s.send(t, guest, "POST", "/v1/sessions", `{"email": "sam@example.com", "password": "correct horse"}`, "User-Agent", given)
		if r.status != 201 || device != want {
			t.Errorf("answered %d, and passed on %q of %q", r.status, device, given)
		}
	}
}
