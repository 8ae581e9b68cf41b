package handler_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/platform/rpc"
)

const (
	getClientToken     = customersv1.ClientsService_GetClientToken_FullMethodName
	exchangeAssertion  = customersv1.ClientsService_ExchangeAssertion_FullMethodName
	revokeRefreshToken = customersv1.ClientsService_RevokeRefreshToken_FullMethodName
	jwtBearer          = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
)

// openToPartners returns a shop that knows the client "c 1" with the secret "s:1", and the assertion "a.b.c" of it.
func openToPartners(t *testing.T) *shop {
	t.Helper()
	s := open(t)
	has := []string{"orders:read", "inventory:write"}
	scopes := func(asked []string) ([]string, error) {
		if len(asked) == 0 {
			return has, nil
		}
		if slices.ContainsFunc(asked, func(name string) bool { return !slices.Contains(has, name) }) {
			return nil, rpc.Error(codes.FailedPrecondition, customersv1.ErrorReason_ERROR_REASON_INVALID_SCOPE, "no such scope")
		}
		return asked, nil
	}
	refused := rpc.Error(codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_CLIENT, "no such client")
	on(s, getClientToken, func(_ context.Context, req *customersv1.GetClientTokenRequest) (*customersv1.GetClientTokenResponse, error) {
		if req.GetClientId() != "c 1" || req.GetClientSecret() != "s:1" {
			return nil, refused
		}
		granted, err := scopes(req.GetScopes())
		return &customersv1.GetClientTokenResponse{AccessToken: "x.y.z", ExpiresIn: 300, Scopes: granted}, err
	})
	on(s, exchangeAssertion, func(_ context.Context, req *customersv1.ExchangeAssertionRequest) (*customersv1.ExchangeAssertionResponse, error) {
		if req.GetAssertion() != "a.b.c" {
			return nil, refused
		}
		granted, err := scopes(req.GetScopes())
		return &customersv1.ExchangeAssertionResponse{AccessToken: "x.y.z", ExpiresIn: 300, Scopes: granted, ClientId: "c 1"}, err
	})
	return s
}

// basic is the header of the client.
func basic(secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape("c 1")+":"+url.QueryEscape(secret)))
}

func form(pairs ...string) url.Values {
	values := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		values.Add(pairs[i], pairs[i+1])
	}
	return values
}

// mustRefuse checks an answer of RFC 6749, section 5.2.
func (r reply) mustRefuse(t *testing.T, status int, code string) {
	t.Helper()
	if got := textIn(t, r.body, "error"); r.status != status || got != code {
		t.Errorf("answered %d %s, want %d %s", r.status, r.body, status, code)
	}
	if got := r.header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	if got := r.header.Get("WWW-Authenticate"); (got == `Basic realm="souk"`) != (status == 401) {
		t.Errorf("WWW-Authenticate %q with %d", got, status)
	}
}

func TestAClientGetsATokenInEachWayToProveWhoItIs(t *testing.T) {
	t.Parallel()
	s := openToPartners(t)
	const want = `{"access_token": "x.y.z", "token_type": "Bearer", "expires_in": 300, "scope": "orders:read"}`
	for name, test := range map[string]struct {
		form   url.Values
		header []string
	}{
		"a header":                   {form("scope", "orders:read"), []string{"Authorization", basic("s:1")}},
		"a header, and the id":       {form("scope", "orders:read", "client_id", "c 1"), []string{"Authorization", basic("s:1")}},
		"the body":                   {form("scope", "orders:read", "client_id", "c 1", "client_secret", "s:1"), nil},
		"an assertion":               {form("scope", "orders:read", "client_assertion_type", jwtBearer, "client_assertion", "a.b.c"), nil},
		"an assertion, and the id":   {form("scope", "orders:read", "client_id", "c 1", "client_assertion_type", jwtBearer, "client_assertion", "a.b.c"), nil},
		"unknown parameters":         {form("scope", "orders:read", "client_id", "c 1", "client_secret", "s:1", "color", "red"), nil},
		"parameters with no value":   {form("scope", "orders:read", "client_assertion", "", "refresh_token", ""), []string{"Authorization", basic("s:1")}},
		"a scope with spaces around": {form("scope", " orders:read "), []string{"Authorization", basic("s:1")}},
	} {
		test.form.Set("grant_type", "client_credentials")
		r := s.send(t, guest, "POST", "/oauth/token", test.form, test.header...)
		if r.mustBe(t, 200, want); r.header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: Cache-Control %q", name, r.header.Get("Cache-Control"))
		}
	}
	all := s.send(t, guest, "POST", "/oauth/token", form("grant_type", "client_credentials"), "Authorization", basic("s:1"))
	if got := textIn(t, all.body, "scope"); got != "orders:read inventory:write" {
		t.Errorf("without a scope: %v", got)
	}
}

func TestARequestForATokenIsRefusedAsRFC6749Says(t *testing.T) {
	t.Parallel()
	s := openToPartners(t)
	right, wrong := basic("s:1"), basic("x")
	client := "client_credentials"
	for name, test := range map[string]struct {
		form          url.Values
		authorization string
		status        int
		code          string
	}{
		"no grant":               {form("scope", "orders:read"), right, 400, "invalid_request"},
		"another grant":          {form("grant_type", "password"), right, 400, "unsupported_grant_type"},
		"a grant twice":          {form("grant_type", client, "grant_type", client), right, 400, "invalid_request"},
		"another scope":          {form("grant_type", client, "scope", "orders:read payments:write"), right, 400, "invalid_scope"},
		"another scope, signed":  {form("grant_type", client, "scope", "payments:write", "client_assertion_type", jwtBearer, "client_assertion", "a.b.c"), "", 400, "invalid_scope"},
		"nobody":                 {form("grant_type", client), "", 401, "invalid_client"},
		"an id alone":            {form("grant_type", client, "client_id", "c 1"), "", 401, "invalid_client"},
		"a wrong secret":         {form("grant_type", client), wrong, 401, "invalid_client"},
		"a wrong secret, posted": {form("grant_type", client, "client_id", "c 1", "client_secret", "x"), "", 401, "invalid_client"},
		"another scheme":         {form("grant_type", client), "Bearer x.y.z", 401, "invalid_client"},
		"no base64":              {form("grant_type", client), "Basic !", 401, "invalid_client"},
		"no encoding of a form":  {form("grant_type", client), "Basic " + base64.StdEncoding.EncodeToString([]byte("%:%")), 401, "invalid_client"},
		"two ways":               {form("grant_type", client, "client_secret", "s:1"), right, 400, "invalid_request"},
		"two other ways":         {form("grant_type", client, "client_secret", "s:1", "client_assertion_type", jwtBearer, "client_assertion", "a.b.c"), "", 400, "invalid_request"},
		"two ids":                {form("grant_type", client, "client_id", "c 2"), right, 400, "invalid_request"},
		"another's assertion":    {form("grant_type", client, "client_id", "c 2", "client_assertion_type", jwtBearer, "client_assertion", "a.b.c"), "", 401, "invalid_client"},
		"a wrong assertion":      {form("grant_type", client, "client_assertion_type", jwtBearer, "client_assertion", "x"), "", 401, "invalid_client"},
		"another assertion type": {form("grant_type", client, "client_assertion_type", "saml", "client_assertion", "a.b.c"), "", 400, "invalid_request"},
		"no assertion type":      {form("grant_type", client, "client_assertion", "a.b.c"), "", 400, "invalid_request"},
		"a type alone":           {form("grant_type", client, "client_assertion_type", jwtBearer), "", 400, "invalid_request"},
		"not UTF-8":              {form("grant_type", client, "scope", "\xff"), right, 400, "invalid_request"},
	} {
		t.Run(name, func(t *testing.T) {
			var header []string
			if test.authorization != "" {
				header = []string{"Authorization", test.authorization}
			}
			s.send(t, guest, "POST", "/oauth/token", test.form, header...).mustRefuse(t, test.status, test.code)
		})
	}
	s.send(t, guest, "POST", "/oauth/token", `{"grant_type": "client_credentials"}`).refused(t, 415, "unsupported_media_type")
	s.send(t, guest, "POST", "/oauth/token?grant_type=client_credentials", form("scope", "orders:read")).mustRefuse(t, 400, "invalid_request")
}

func TestARefreshTokenIsSpentAtTheTokenEndpointToo(t *testing.T) {
	t.Parallel()
	s := openToPartners(t)
	on(s, customersv1.CustomersService_Refresh_FullMethodName, func(_ context.Context, req *customersv1.RefreshRequest) (*customersv1.RefreshResponse, error) {
		if req.GetRefreshToken() != "s1.good" {
			return nil, rpc.Error(codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_INVALID_REFRESH_TOKEN, "not valid")
		}
		return &customersv1.RefreshResponse{Session: &customersv1.Session{AccessToken: "x.y.z", RefreshToken: "s1.next", ExpiresIn: 900, Customer: sam}}, nil
	})
	s.send(t, guest, "POST", "/oauth/token", form("grant_type", "refresh_token", "refresh_token", "s1.good")).
		mustBe(t, 200, `{"access_token": "x.y.z", "token_type": "Bearer", "expires_in": 900, "refresh_token": "s1.next"}`)
	for code, f := range map[string]url.Values{
		"invalid_grant": form("refresh_token", "s1.bad"), "invalid_request": form(), "invalid_scope": form("refresh_token", "s1.good", "scope", "orders:read"),
		"unauthorized_client": form("refresh_token", "s1.good", "client_id", "c 1", "client_secret", "s:1"),
	} {
		f.Set("grant_type", "refresh_token")
		s.send(t, guest, "POST", "/oauth/token", f).mustRefuse(t, 400, code)
	}
}

func TestARefreshTokenIsRevoked(t *testing.T) {
	t.Parallel()
	s := openToPartners(t)
	var revoked []string
	on(s, revokeRefreshToken, func(_ context.Context, req *customersv1.RevokeRefreshTokenRequest) (*customersv1.RevokeRefreshTokenResponse, error) {
		revoked = append(revoked, req.GetRefreshToken())
		return &customersv1.RevokeRefreshTokenResponse{}, nil
	})
	s.send(t, guest, "POST", "/oauth/revoke", form("token", "s1.secret", "token_type_hint", "refresh_token")).mustBe(t, 200, "")
	s.send(t, guest, "POST", "/oauth/revoke", form("token", "unknown"), "Authorization", basic("s:1")).mustBe(t, 200, "")
	if !slices.Equal(revoked, []string{"s1.secret", "unknown"}) {
		t.Errorf("revoked %q", revoked)
	}
	s.send(t, guest, "POST", "/oauth/revoke", form("token", "s1.secret"), "Authorization", basic("x")).mustRefuse(t, 401, "invalid_client")
	s.send(t, guest, "POST", "/oauth/revoke", form("token_type_hint", "refresh_token")).mustRefuse(t, 400, "invalid_request")
	s.send(t, guest, "POST", "/oauth/revoke", form("token", "x.y.z")).mustRefuse(t, 400, "unsupported_token_type")
	s.send(t, guest, "POST", "/oauth/revoke", form("token", "souk_key")).mustRefuse(t, 400, "unsupported_token_type")
	if len(revoked) != 2 {
		t.Errorf("revoked %q", revoked[2:])
	}
}

func TestTheShopDescribesItselfToOAuthClients(t *testing.T) {
	t.Parallel()
	r := open(t).send(t, guest, "GET", "/.well-known/oauth-authorization-server", nil)
	for name, want := range map[string]string{
		"issuer": "https://shop.example.com", "token_endpoint": "https://shop.example.com/oauth/token",
		"revocation_endpoint": "https://shop.example.com/oauth/revoke", "jwks_uri": "https://shop.example.com/.well-known/jwks.json",
	} {
		if got := textIn(t, r.body, name); r.status != 200 || got != want {
			t.Errorf("%s is %v, want %s", name, got, want)
		}
	}
}

func TestAClientIsAddedWithItsPublicKey(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, customersv1.ClientsService_CreateClient_FullMethodName,
		func(_ context.Context, req *customersv1.CreateClientRequest) (*customersv1.CreateClientResponse, error) {
			return &customersv1.CreateClientResponse{Client: &customersv1.Client{
				Id: "c1", Name: req.GetName(), Kind: req.GetKind(), Scopes: req.GetScopes(), PublicKey: req.GetPublicKey(),
			}}, nil
		})
	const key = `{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`
	s.send(t, staff, "POST", "/v1/admin/clients", `{"name": "Till", "kind": "oauth", "scopes": ["orders:read"], "public_key": `+key+`}`).
		mustBe(t, 201, `{"id": "c1", "name": "Till", "kind": "oauth", "scopes": ["orders:read"], "created_at": "1970-01-01T00:00:00Z", "public_key": `+key+`}`)
	private := key[:len(key)-1] + `, "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}`
	s.send(t, staff, "POST", "/v1/admin/clients", `{"name": "Till", "kind": "oauth", "scopes": ["orders:read"], "public_key": `+private+`}`).
		refused(t, 400, "invalid_request")
}

// textIn returns a text of a JSON object.
func textIn(t *testing.T, content []byte, name string) string {
	t.Helper()
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil {
		t.Fatalf("%v in %s", err, content)
	}
	text, _ := object[name].(string)
	return text
}
