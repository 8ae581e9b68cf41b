package grpcapi_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"

	customersv1 "souk/proto/gen/souk/customers/v1"

	"souk/testkit/grpctest"
	"souk/testkit/openidtest"

	"souk/services/customers/internal/openid"
)

const page = "https://shop.example/sign-in"

// offer makes the service offer a provider that knows Ada.
func (b *bundle) offer(t *testing.T) *openidtest.Provider {
	t.Helper()
	provider := openidtest.New(t, "https://api.shop.example/v1/sign-in/example/callback", openidtest.User{ID: "u1", Email: email, EmailVerified: true})
	settings := openid.Settings{Name: "example", Issuer: provider.URL, ClientID: openidtest.ClientID, ClientSecret: openidtest.ClientSecret}
	b.service.OfferProviders(openid.All([]openid.Settings{settings}, "https://api.shop.example"), page)
	return provider
}

// visit signs in at the provider, and returns where the browser goes that comes back with a cookie. change may change the cookie.
func (b *bundle) visit(t *testing.T, provider *openidtest.Provider, change func(*customersv1.Browser)) (location string, browser *customersv1.Browser) {
	t.Helper()
	started, err := b.entry.StartSignIn(t.Context(), &customersv1.StartSignInRequest{Provider: "example"})
	if err != nil || !started.GetBrowser().GetBoundToHost() {
		t.Fatal(started, err)
	}
	browser = started.GetBrowser()
	change(browser)
	q := provider.SignIn(t, started.GetLocation(), "u1").Query()
	finished, err := b.entry.FinishSignIn(t.Context(), &customersv1.FinishSignInRequest{
		Provider: "example", Browser: browser, Code: q.Get("code"), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return finished.GetLocation(), browser
}

func TestAProviderOpensASessionAndIsInThePersonalData(t *testing.T) {
	t.Parallel()
	b := setup(t)
	provider := b.offer(t)
	location, browser := b.visit(t, provider, func(*customersv1.Browser) {})
	code, ok := strings.CutPrefix(location, page+"#code=")
	if !ok {
		t.Fatal(location)
	}
	redeem := &customersv1.RedeemSignInRequest{Code: code, Browser: browser}
	redeemed, err := b.entry.RedeemSignIn(t.Context(), redeem)
	if err != nil || !redeemed.GetSession().GetCustomer().GetEmailVerified() {
		t.Fatal(redeemed, err)
	}
	_, err = b.entry.RedeemSignIn(t.Context(), redeem)
	grpctest.Expect(t, "the code again", err, codes.FailedPrecondition, "INVALID_SIGN_IN_CODE")
	ctx := as(t, redeemed.GetSession())
	data, err := b.GetPersonalData(ctx, &customersv1.GetPersonalDataRequest{})
	if err != nil || len(data.GetIdentities()) != 1 || data.GetIdentities()[0].GetIssuer() != provider.URL {
		t.Errorf("%v, %v", data, err)
	}
	_, err = b.entry.StartSignIn(t.Context(), &customersv1.StartSignInRequest{Provider: "none"})
	grpctest.Expect(t, "an unknown provider", err, codes.NotFound, "PROVIDER_NOT_FOUND")
}

func TestAnAccountWithTheAddressHasToBeLinked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	provider := b.offer(t)
	ctx, _ := b.signIn(t, email)
	location, browser := b.visit(t, provider, func(*customersv1.Browser) {})
	code := strings.TrimPrefix(location, page+"#code=")
	_, err := b.entry.RedeemSignIn(t.Context(), &customersv1.RedeemSignInRequest{Code: code, Browser: browser})
	grpctest.Expect(t, "before the link", err, codes.FailedPrecondition, "LINK_REQUIRED")
	_, err = b.entry.LinkIdentity(ctx, &customersv1.LinkIdentityRequest{Code: code, Browser: browser})
	grpctest.Expect(t, "an account without a confirmed address", err, codes.FailedPrecondition, "LINK_REFUSED")
}

// Another host of the domain can plant a cookie with any name but one that begins with __Host-.
func TestAPlantedCookieIsNone(t *testing.T) {
	t.Parallel()
	b := setup(t)
	location, _ := b.visit(t, b.offer(t), func(browser *customersv1.Browser) { browser.BoundToHost = false })
	if location != page+"#error=sign_in_refused" {
		t.Error(location)
	}
}
