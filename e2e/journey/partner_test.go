package journey

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"souk/e2e/shop"
)

// partnerScopes are what a warehouse needs.
var partnerScopes = []string{"orders:read", "inventory:write"}

// newClient is a client of a partner, with its secret.
type newClient struct{ ID, Secret string }

func addPartner(t *testing.T, body map[string]any) (added newClient) {
	t.Helper()
	body["name"], body["scopes"] = "The warehouse", partnerScopes
	boss := staff(t)
	if err := boss.Do(t.Context(), http.MethodPost, "/v1/admin/clients", body, &added); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := boss.Do(context.WithoutCancel(t.Context()), http.MethodDelete, "/v1/admin/clients/"+added.ID, nil, nil); err != nil {
			t.Errorf("delete the client: %v", err)
		}
	})
	return added
}

// tokenFor exchanges a form for an access token.
func tokenFor(t *testing.T, form url.Values, headers ...shop.Header) (token, scope string) {
	t.Helper()
	form.Set("grant_type", "client_credentials")
	answer, err := anonymous().Send(t.Context(), http.MethodPost, "/oauth/token", form, headers...)
	if err != nil {
		t.Fatal(err)
	}
	var given struct {
		AccessToken string `json:"access_token"`
		Scope       string `json:"scope"`
	}
	if err := answer.Decode(&given); err != nil || answer.Status != http.StatusOK {
		t.Fatalf("%d %s: %v", answer.Status, answer.Body, err)
	}
	return given.AccessToken, given.Scope
}

func TestAPartnerReadsOrdersAndSetsStock(t *testing.T) {
	t.Parallel()
	sku := stocked(t, 1000, 10)
	buyer := customer(t)
	order := buy(t, buyer, sku, 1)
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	oauth := addPartner(t, map[string]any{"kind": "oauth"})
	basic := shop.Header{Name: "Authorization", Value: "Basic " + base64.StdEncoding.EncodeToString([]byte(oauth.ID+":"+oauth.Secret))}
	byHeader, scope := tokenFor(t, url.Values{}, basic)
	if scope != "orders:read inventory:write" {
		t.Errorf("the token has the scope %q", scope)
	}
	tokens := map[string]string{"an API key": addPartner(t, map[string]any{"kind": "api_key"}).Secret, "a secret": byHeader}
	if running != nil { // the issuer of another shop is not known
		signing := addPartner(t, map[string]any{"kind": "oauth", "public_key": map[string]any{
			"kty": "OKP", "crv": "Ed25519", "x": base64.RawURLEncoding.EncodeToString(public),
		}})
		assertion, err := jwt.NewWithClaims(jwt.SigningMethodEdDSA, jwt.RegisteredClaims{
			Issuer: signing.ID, Subject: signing.ID, Audience: jwt.ClaimStrings{issuer(t)}, ID: uuid.NewString(),
			ExpiresAt: jwt.NewNumericDate(time.Now().Add(time.Minute)),
		}).SignedString(private)
		if err != nil {
			t.Fatal(err)
		}
		tokens["a private key"], _ = tokenFor(t, url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, "client_assertion": {assertion},
		})
	}
	for name, token := range tokens {
		partner := anonymous().As(token)
		if read, err := partner.Order(t.Context(), order.ID); err != nil || read.ID != order.ID {
			t.Errorf("%s: the order: %v", name, err)
		}
		var page struct{ Items []shop.Order }
		if err := partner.Do(t.Context(), http.MethodGet, "/v1/admin/orders?q="+order.Number, nil, &page); err != nil ||
			!slices.ContainsFunc(page.Items, func(o shop.Order) bool { return o.ID == order.ID }) {
			t.Errorf("%s: the orders: %v", name, err)
		}
		before := available(t, sku)
		if level, err := partner.Adjust(t.Context(), sku, 2, "delivered"); err != nil || level.Available != before+2 {
			t.Errorf("%s: the stock is %d after %d: %v", name, level.Available, before, err)
		}
		mustBeRefusedElsewhere(t, name, partner, order.ID)
	}
	narrow, scope := tokenFor(t, url.Values{"scope": {"orders:read"}}, basic)
	if _, err := anonymous().As(narrow).Adjust(t.Context(), sku, 1, "delivered"); scope != "orders:read" {
		t.Errorf("the narrow token has the scope %q", scope)
	} else {
		wantProblem(t, err, http.StatusForbidden, "forbidden")
	}
}

// mustBeRefusedElsewhere checks that a partner gets nothing that its scopes do not name.
func mustBeRefusedElsewhere(t *testing.T, name string, partner *shop.Client, orderID string) {
	t.Helper()
	for path, want := range map[string]struct {
		method, code string
		status       int
	}{
		"/v1/admin/orders/" + orderID + "/dispatch": {http.MethodPost, "forbidden", http.StatusForbidden},
		"/v1/admin/clients":                         {http.MethodGet, "forbidden", http.StatusForbidden},
		"/v1/admin/audit":                           {http.MethodGet, "forbidden", http.StatusForbidden},
		"/v1/me":                                    {http.MethodGet, "unauthenticated", http.StatusUnauthorized},
		"/v1/orders":                                {http.MethodGet, "unauthenticated", http.StatusUnauthorized},
		"/v1/orders/" + orderID + "/cancellation":   {http.MethodPost, "unauthenticated", http.StatusUnauthorized},
	} {
		t.Logf("%s: %s %s", name, want.method, path)
		wantProblem(t, partner.Do(t.Context(), want.method, path, nil, nil), want.status, want.code)
	}
}

// issuer asks the shop by which URL it is known to OAuth clients.
func issuer(t *testing.T) string {
	t.Helper()
	var server struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := anonymous().Do(t.Context(), http.MethodGet, "/.well-known/oauth-authorization-server", nil, &server); err != nil {
		t.Fatal(err)
	}
	if server.TokenEndpoint != server.Issuer+"/oauth/token" {
		t.Errorf("the token endpoint is %s", server.TokenEndpoint)
	}
	return server.Issuer
}

func TestARevokedRefreshTokenEndsItsSession(t *testing.T) {
	t.Parallel()
	_, session, err := anonymous().Register(t.Context(), email(), password, "Ada Shopper")
	if err != nil {
		t.Fatal(err)
	}
	spend := func(token string) *shop.Response {
		form := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}}
		answer, err := anonymous().Send(t.Context(), http.MethodPost, "/oauth/token", form)
		if err != nil {
			t.Fatal(err)
		}
		return answer
	}
	var next struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := spend(session.RefreshToken).Decode(&next); err != nil || next.RefreshToken == "" {
		t.Fatalf("%+v, %v", next, err)
	}
	revoked, err := anonymous().Send(t.Context(), http.MethodPost, "/oauth/revoke", url.Values{"token": {next.RefreshToken}})
	if err != nil || revoked.Status != http.StatusOK {
		t.Fatalf("%+v, %v", revoked, err)
	}
	if again := spend(next.RefreshToken); again.Status != http.StatusBadRequest {
		t.Errorf("a revoked token got %d %s", again.Status, again.Body)
	}
}
