package handler_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

var sam = &customersv1.Customer{Id: "customer-1", Email: "sam@example.com", EmailVerified: true, Name: "Sam"}

const samJSON = `{"id": "customer-1", "email": "sam@example.com", "email_verified": true, "name": "Sam", "roles": [], "created_at": "1970-01-01T00:00:00Z"}`

func TestAnAccountIsCreatedReadAndChanged(t *testing.T) {
	t.Parallel()
	s := open(t)
	const register = customersv1.CustomersService_Register_FullMethodName
	on(s, register, func(_ context.Context, req *customersv1.RegisterRequest) (*customersv1.RegisterResponse, error) {
		if req.GetEmail() != "sam@example.com" || req.GetPassword() != "correct horse" || req.GetName() != "Sam" {
			t.Errorf("asked %v", req)
		}
		return &customersv1.RegisterResponse{Customer: sam}, nil
	})
	on(s, customersv1.CustomersService_GetMe_FullMethodName, func(ctx context.Context, _ *customersv1.GetMeRequest) (*customersv1.GetMeResponse, error) {
		if caller := access.FromContext(ctx); caller.CustomerID != "customer-1" || caller.SessionID != "session-1" {
			t.Errorf("called by %+v", caller)
		}
		return &customersv1.GetMeResponse{Customer: sam}, nil
	})
	var named *string
	on(s, customersv1.CustomersService_UpdateMe_FullMethodName, func(_ context.Context, req *customersv1.UpdateMeRequest) (*customersv1.UpdateMeResponse, error) {
		named = req.Name
		return &customersv1.UpdateMeResponse{Customer: sam}, nil
	})
	body := `{"email": "sam@example.com", "password": "correct horse", "name": "Sam"}`
	s.send(t, guest, "POST", "/v1/customers", body).mustBe(t, 201, samJSON)
	s.send(t, customer, "GET", "/v1/me", nil).mustBe(t, 200, samJSON)
	s.send(t, customer, "PATCH", "/v1/me", `{"name": "Sam"}`).mustBe(t, 200, samJSON)
	if named == nil || *named != "Sam" {
		t.Errorf("named %v", named)
	}
	s.send(t, customer, "PATCH", "/v1/me", `{}`).mustBe(t, 200, samJSON)
	if named != nil {
		t.Errorf("named %q", *named)
	}
	s.fail(register, rpc.Error(codes.AlreadyExists, customersv1.ErrorReason_ERROR_REASON_EMAIL_TAKEN, "the e-mail has an account"))
	s.send(t, guest, "POST", "/v1/customers", body).refused(t, 409, "email_taken")
}

func TestASessionIsCreatedRefreshedAndDeleted(t *testing.T) {
	t.Parallel()
	s := open(t)
	const login, refresh = customersv1.CustomersService_Login_FullMethodName, customersv1.CustomersService_Refresh_FullMethodName
	session := &customersv1.Session{AccessToken: "access", ExpiresIn: 900, RefreshToken: "refresh", Customer: sam}
	want := `{"access_token": "access", "token_type": "Bearer", "expires_in": 900, "refresh_token": "refresh", "customer": ` + samJSON + `}`
	on(s, login, returns[*customersv1.LoginRequest](&customersv1.LoginResponse{Session: session}))
	on(s, refresh, returns[*customersv1.RefreshRequest](&customersv1.RefreshResponse{Session: session}))
	on(s, customersv1.CustomersService_Logout_FullMethodName, func(ctx context.Context, _ *customersv1.LogoutRequest) (*customersv1.LogoutResponse, error) {
		if access.FromContext(ctx).SessionID != "session-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		return &customersv1.LogoutResponse{}, nil
	})
	s.send(t, guest, "POST", "/v1/sessions", `{"email": "sam@example.com", "password": "correct horse"}`).mustBe(t, 201, want)
	s.send(t, guest, "POST", "/v1/sessions/refresh", `{"refresh_token": "old"}`).mustBe(t, 200, want)
	if r := s.send(t, customer, "DELETE", "/v1/sessions/current", nil); r.status != 204 || len(r.body) != 0 {
		t.Errorf("answered %d: %s", r.status, r.body)
	}
	s.fail(login, rpc.Error(codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_CREDENTIALS, "e-mail or password is wrong"))
	s.send(t, guest, "POST", "/v1/sessions", `{"email": "sam@example.com", "password": "x"}`).refused(t, 401, "invalid_credentials")
	s.fail(refresh, rpc.Error(codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_REFRESH_TOKEN, "it is spent"))
	s.send(t, guest, "POST", "/v1/sessions/refresh", `{"refresh_token": "old"}`).refused(t, 401, "invalid_refresh_token")
}

func TestAddressesAreCreatedListedReplacedAndDeleted(t *testing.T) {
	t.Parallel()
	s := open(t)
	saved := &customersv1.Address{
		Id: "a1", Name: "Sam", Line1: "1 Market Street", Line2: "Flat 2", City: "Leeds", Region: "Yorkshire", PostalCode: "LS1 6DT", Country: "GB",
	}
	body := `"name": "Sam", "line1": "1 Market Street", "line2": "Flat 2", "city": "Leeds", "region": "Yorkshire", "postal_code": "LS1 6DT", "country": "GB"}`
	var asked *customersv1.Address
	on(s, customersv1.CustomersService_CreateAddress_FullMethodName,
		func(_ context.Context, req *customersv1.CreateAddressRequest) (*customersv1.CreateAddressResponse, error) {
			asked = req.GetAddress()
			return &customersv1.CreateAddressResponse{Address: saved}, nil
		})
	on(s, customersv1.CustomersService_UpdateAddress_FullMethodName,
		func(_ context.Context, req *customersv1.UpdateAddressRequest) (*customersv1.UpdateAddressResponse, error) {
			asked = req.GetAddress()
			return &customersv1.UpdateAddressResponse{Address: req.GetAddress()}, nil
		})
	on(s, customersv1.CustomersService_ListAddresses_FullMethodName, returns[*customersv1.ListAddressesRequest](
		&customersv1.ListAddressesResponse{Addresses: []*customersv1.Address{saved}}))
	on(s, customersv1.CustomersService_DeleteAddress_FullMethodName,
		func(_ context.Context, req *customersv1.DeleteAddressRequest) (*customersv1.DeleteAddressResponse, error) {
			if req.GetId() != "a1" {
				return nil, rpc.Error(codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND, "address not found")
			}
			return &customersv1.DeleteAddressResponse{}, nil
		})
	s.send(t, customer, "POST", "/v1/me/addresses", "{"+body).mustBe(t, 201, `{"id": "a1", `+body)
	if asked.GetId() != "" {
		t.Errorf("a new address has the id %q", asked.GetId())
	}
	s.send(t, customer, "PUT", "/v1/me/addresses/a7", "{"+body).mustBe(t, 200, `{"id": "a7", `+body)
	s.send(t, customer, "GET", "/v1/me/addresses", nil).mustBe(t, 200, `{"items": [{"id": "a1", `+body+`]}`)
	s.send(t, customer, "DELETE", "/v1/me/addresses/a1", nil).mustBe(t, 204, "")
	s.send(t, customer, "DELETE", "/v1/me/addresses/a2", nil).refused(t, 404, "not_found")
	s.send(t, customer, "POST", "/v1/me/addresses", `{"name": "Sam", "line1": "1", "city": "Leeds", "postal_code": "LS1", "country": "GB"}`).mustBe(t, 201, "")
	if asked.GetLine2() != "" || asked.GetRegion() != "" || asked.GetCity() != "Leeds" {
		t.Errorf("asked %v", asked)
	}
}

func TestTheKeysArePublishedEvenWhileCustomersIsDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	const listKeys = accessv1.KeysService_ListKeys_FullMethodName
	s.send(t, guest, "GET", "/.well-known/jwks.json", nil).refused(t, 503, "unavailable")
	// The previous, the current and the next key.
	var keys []*accessv1.Key
	var listed []string
	for _, id := range []string{"k1", "k2", "k3"} {
		public, _, err := ed25519.GenerateKey(nil)
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, &accessv1.Key{Id: id, Ed25519PublicKey: public})
		listed = append(listed, `{"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "use": "sig", "kid": "`+id+`",
			"x": "`+base64.RawURLEncoding.EncodeToString(public)+`"}`)
	}
	on(s, listKeys, returns[*accessv1.ListKeysRequest](&accessv1.ListKeysResponse{Keys: keys}))
	want := `{"keys": [` + strings.Join(listed, ", ") + `]}`
	fresh := s.send(t, guest, "GET", "/.well-known/jwks.json", nil)
	fresh.mustBe(t, 200, want)
	if fresh.header.Get("Cache-Control") != "public, max-age=300" || fresh.header.Get("Warning") != "" || fresh.header.Get("Age") != "" {
		t.Errorf("header %v", fresh.header)
	}
	s.fail(listKeys, status.Error(codes.Unavailable, "away"))
	stale := s.send(t, guest, "GET", "/.well-known/jwks.json", nil)
	stale.mustBe(t, 200, want)
	age, err := strconv.Atoi(stale.header.Get("Age"))
	if err != nil || age < 0 || age > 60 || stale.header.Get("Warning") != `110 - "Response is Stale"` {
		t.Errorf("Age %q, Warning %q", stale.header.Get("Age"), stale.header.Get("Warning"))
	}
}
