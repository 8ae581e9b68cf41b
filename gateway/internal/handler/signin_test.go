package handler_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"
)

// visit sends a request as a browser does that follows no redirects.
func (s *shop) visit(t *testing.T, path, cookie string) *http.Response {
	t.Helper()
	return s.browse(t, http.MethodGet, path, cookie, "")
}

func (s *shop) browse(t *testing.T, method, path, cookie, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
	browser := &http.Client{Transport: s.client.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := browser.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

func TestASignInStartsWithACookieOfThisBrowserAlone(t *testing.T) {
	t.Parallel()
	for bound, want := range map[bool]string{
		true:  "__Host-souk_sign_in=s3cret; Path=/; Max-Age=600; HttpOnly; Secure; SameSite=Lax",
		false: "souk_sign_in=s3cret; Path=/; Max-Age=600; HttpOnly; SameSite=Lax",
	} {
		s := open(t)
		on(s, customersv1.SignInService_StartSignIn_FullMethodName, func(_ context.Context, req *customersv1.StartSignInRequest) (*customersv1.StartSignInResponse, error) {
			if req.GetProvider() != "example" || req.GetBrowser() != nil {
				t.Errorf("asked %v", req)
			}
			return &customersv1.StartSignInResponse{
				Location: "https://id.example.com/auth", Browser: &customersv1.Browser{Secret: "s3cret", BoundToHost: bound},
			}, nil
		})
		resp := s.visit(t, "/v1/sign-in/example", "")
		if got := resp.Header.Get("Set-Cookie"); resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "https://id.example.com/auth" || got != want {
			t.Errorf("answered %d with %v", resp.StatusCode, resp.Header)
		}
	}
}

func TestACallbackBringsTheCookieAndTheAnswer(t *testing.T) {
	t.Parallel()
	s := open(t)
	var got *customersv1.FinishSignInRequest
	on(s, customersv1.SignInService_FinishSignIn_FullMethodName, func(_ context.Context, req *customersv1.FinishSignInRequest) (*customersv1.FinishSignInResponse, error) {
		got = req
		return &customersv1.FinishSignInResponse{Location: "https://shop.example/sign-in#code=x"}, nil
	})
	for cookie, want := range map[string]*customersv1.Browser{
		"":                                      nil,
		"souk_sign_in=a":                        {Secret: "a"},
		"__Host-souk_sign_in=b":                 {Secret: "b", BoundToHost: true},
		"__Host-souk_sign_in=b; souk_sign_in=a": {Secret: "b", BoundToHost: true},
		"souk_sign_in=" + strings.Repeat("x", 101): nil,
	} {
		resp := s.visit(t, "/v1/sign-in/example/callback?state=s&code=c&iss=https%3A%2F%2Fid.example.com&session_state=more", cookie)
		if resp.StatusCode != http.StatusFound || resp.Header.Get("Location") != "https://shop.example/sign-in#code=x" {
			t.Errorf("answered %d with %v", resp.StatusCode, resp.Header)
		}
		if b := got.GetBrowser(); b.GetSecret() != want.GetSecret() || b.GetBoundToHost() != want.GetBoundToHost() {
			t.Errorf("%s: asked with %v", cookie, b)
		}
		if got.GetProvider() != "example" || got.GetState() != "s" || got.GetCode() != "c" || got.GetIssuer() != "https://id.example.com" || got.GetError() != "" {
			t.Errorf("asked %v", got)
		}
	}
	s.fail(customersv1.SignInService_FinishSignIn_FullMethodName, rpc.Error(codes.NotFound, customersv1.ErrorReason_ERROR_REASON_PROVIDER_NOT_FOUND, "none"))
	if resp := s.visit(t, "/v1/sign-in/none/callback", ""); resp.StatusCode != http.StatusNotFound {
		t.Errorf("an unknown provider: %d", resp.StatusCode)
	}
}

func TestALoginTakesAOneTimeCodeOrAPasswordAndNeverMixesThem(t *testing.T) {
	t.Parallel()
	s := open(t)
	const redeem = customersv1.SignInService_RedeemSignIn_FullMethodName
	var got *customersv1.RedeemSignInRequest
	on(s, redeem, func(_ context.Context, req *customersv1.RedeemSignInRequest) (*customersv1.RedeemSignInResponse, error) {
		got = req
		return &customersv1.RedeemSignInResponse{Session: &customersv1.Session{Customer: sam}}, nil
	})
	if resp := s.browse(t, "POST", "/v1/sessions", "souk_sign_in=b", `{"code": "x.y", "second_factor_code": "492039"}`); resp.StatusCode != http.StatusCreated {
		t.Errorf("answered %d", resp.StatusCode)
	}
	if got.GetCode() != "x.y" || got.GetBrowser().GetSecret() != "b" || got.GetSecondFactorCode() != "492039" || got.GetUserAgent() == "" {
		t.Errorf("asked %v", got)
	}
	for _, body := range []string{
		`{}`, `{"email": "sam@example.com"}`, `{"password": "correct horse"}`, `{"email": "sam@example.com", "code": "x.y"}`,
		`{"password": "correct horse", "code": "x.y"}`, `{"second_factor_code": "492039"}`,
		`{"email": "sam@example.com", "password": "correct horse", "second_factor_code": "492039"}`,
		`{"email": "sam@example.com", "password": "correct horse", "code": "` + strings.Repeat("4", 41) + `"}`,
	} {
		s.send(t, guest, "POST", "/v1/sessions", body).refused(t, 422, "validation_failed")
	}
	for reason, want := range map[customersv1.ErrorReason]struct {
		status int
		code   string
	}{
		customersv1.ErrorReason_ERROR_REASON_LINK_REQUIRED:        {409, "link_required"},
		customersv1.ErrorReason_ERROR_REASON_NO_EMAIL:             {409, "no_email"},
		customersv1.ErrorReason_ERROR_REASON_INVALID_SIGN_IN_CODE: {422, "invalid_sign_in_code"},
	} {
		s.fail(redeem, rpc.Error(codes.FailedPrecondition, reason, "no"))
		s.send(t, guest, "POST", "/v1/sessions", `{"code": "x.y"}`).refused(t, want.status, want.code)
	}
}

func TestLinkedProvidersAreListedWithoutWhatTheProviderCallsThePerson(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, customersv1.SignInService_ListIdentities_FullMethodName, returns[*customersv1.ListIdentitiesRequest](&customersv1.ListIdentitiesResponse{
		Identities: []*customersv1.Identity{{
			Id: "i1", Provider: "example", Issuer: "https://id.example.com", Subject: "u1", Email: "sam@example.com", LinkedAt: timestamppb.New(noon),
		}},
	}))
	s.send(t, customer, "GET", "/v1/me/identities", nil).mustBe(t, 200, `{"items": [{"id": "i1", "provider": "example", "email": "sam@example.com",
		"linked_at": "2026-09-01T12:00:00Z"}]}`)
	s.send(t, guest, "GET", "/v1/me/identities", nil).refused(t, 401, "unauthenticated")
}

func TestALinkIsEnded(t *testing.T) {
	t.Parallel()
	s := open(t)
	const unlink = customersv1.SignInService_UnlinkIdentity_FullMethodName
	on(s, unlink, returns[*customersv1.UnlinkIdentityRequest](&customersv1.UnlinkIdentityResponse{}))
	s.send(t, customer, "DELETE", "/v1/me/identities/i1", nil).mustBe(t, 204, ``)
	for reason, want := range map[customersv1.ErrorReason]struct {
		code   codes.Code
		status int
		text   string
	}{
		customersv1.ErrorReason_ERROR_REASON_IDENTITY_NOT_FOUND: {codes.NotFound, 404, "not_found"},
		customersv1.ErrorReason_ERROR_REASON_LAST_SIGN_IN:       {codes.FailedPrecondition, 409, "last_sign_in"},
	} {
		s.fail(unlink, rpc.Error(want.code, reason, "no"))
		s.send(t, customer, "DELETE", "/v1/me/identities/i1", nil).refused(t, want.status, want.text)
	}
}

func TestAProviderIsLinkedInsideOfASession(t *testing.T) {
	t.Parallel()
	s := open(t)
	const link = customersv1.SignInService_LinkIdentity_FullMethodName
	on(s, link, returns[*customersv1.LinkIdentityRequest](&customersv1.LinkIdentityResponse{Identity: &customersv1.Identity{
		Provider: "example", Issuer: "https://id.example.com", Subject: "u1", Email: "sam@example.com", LinkedAt: timestamppb.New(noon),
	}}))
	s.send(t, customer, "POST", "/v1/me/identities", `{"code": "x.y"}`).mustBe(t, 201, `{"provider": "example", "issuer": "https://id.example.com",
		"subject": "u1", "email": "sam@example.com", "linked_at": "2026-09-01T12:00:00Z"}`)
	s.send(t, guest, "POST", "/v1/me/identities", `{"code": "x.y"}`).refused(t, 401, "unauthenticated")
	s.fail(link, rpc.Error(codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_LINK_REFUSED, "no"))
	s.send(t, customer, "POST", "/v1/me/identities", `{"code": "x.y"}`).refused(t, 409, "link_refused")
}
