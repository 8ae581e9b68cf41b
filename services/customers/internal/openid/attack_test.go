package openid_test

import (
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/security"
	"souk/testkit/openidtest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/openid"
)

// nothing checks that no attack has left an account, an identity or a session.
func (s shop) nothing(t *testing.T) {
	t.Helper()
	for _, collection := range []string{"customers", "identities", "sessions"} {
		if n := s.count(t, collection); n != 0 {
			t.Errorf("%d %s", n, collection)
		}
	}
}

func TestAWrongNonceOrAudienceIsRefused(t *testing.T) {
	t.Parallel()
	for name, mistakes := range map[string]openidtest.Mistakes{
		"nonce": {Nonce: "of another sign-in"}, "audience": {Audience: "another client"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			b := s.browser()
			callback := s.provider.SignIn(t, b.start(t, "main"), ada.ID)
			s.provider.Make(mistakes)
			expectError(t, b.bring(t, "main", callback), "sign_in_refused")
			s.nothing(t)
		})
	}
}

// Somebody puts the code of one callback into another, for example to enter as somebody else.
func TestSwappedCodesAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	one, two := s.browser(), s.browser()
	first := s.provider.SignIn(t, one.start(t, "main"), ada.ID)
	second := s.provider.SignIn(t, two.start(t, "main"), eve.ID)
	a, b := first.Query(), second.Query()
	codeOfA := a.Get("code")
	a.Set("code", b.Get("code"))
	b.Set("code", codeOfA)
	first.RawQuery, second.RawQuery = a.Encode(), b.Encode()
	expectError(t, one.bring(t, "main", first), "sign_in_refused")
	expectError(t, two.bring(t, "main", second), "sign_in_refused")
	s.nothing(t)
}

// A thief of one-time codes lacks the cookie.
func TestACodeIsOfNoUseInAnotherBrowser(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, events := securitytest.Record(t.Context(), t)
	owner, thief := s.browser(), s.browser()
	thief.start(t, "main")
	code := owner.visit(t, ada)
	for _, cookie := range []customers.Secret{thief.cookie, "", customers.Secret(make([]byte, 1000))} {
		_, err := s.RedeemSignIn(ctx, customers.SignInProof{Code: code, Browser: cookie})
		expect(t, err, customers.ErrInvalidSignInCode, "another browser")
	}
	if n := len(events.Of(t, security.ProviderSignInRefused)); n != 3 {
		t.Errorf("%d events, want 3", n)
	}
	if _, err := owner.redeem(t, code); err != nil {
		t.Errorf("the owner: %v", err)
	}
}

// Login CSRF: an attacker signs in, and makes the victim's browser bring the answer.
func TestACallbackInAnotherBrowserIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	attacker, victim, fresh := s.browser(), s.browser(), s.browser()
	victim.start(t, "main")
	callback := s.provider.SignIn(t, attacker.start(t, "main"), eve.ID)
	expectError(t, victim.bring(t, "main", callback), "sign_in_refused")
	expectError(t, fresh.bring(t, "main", callback), "sign_in_refused")
	s.nothing(t)
	if location := attacker.bring(t, "main", callback); fragmentOf(t, location).Get("code") == "" {
		t.Errorf("in the browser that started: %s", location)
	}
}

func TestACallbackCountsOnce(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	callback := s.provider.SignIn(t, b.start(t, "main"), ada.ID)
	var codes, refused atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			q := callback.Query()
			location, err := s.FinishSignIn(t.Context(), "main", b.cookie, customers.Answer{Code: customers.Secret(q.Get("code")), State: q.Get("state")})
			if err != nil {
				t.Error(err)
			}
			if fragment, _ := url.Parse(location); fragment.Fragment == "error=sign_in_refused" {
				refused.Add(1)
			} else {
				codes.Add(1)
			}
		})
	}
	wg.Wait()
	if codes.Load() != 1 || refused.Load() != 7 {
		t.Errorf("%d codes, %d refused", codes.Load(), refused.Load())
	}
}

func TestForgedStatesAreRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	callback := s.provider.SignIn(t, b.start(t, "main"), ada.ID)
	q := callback.Query()
	for _, state := range []string{"", "x", "x.y.z", q.Get("state") + "x", "x" + q.Get("state"), q.Get("state")[1:]} {
		q.Set("state", state)
		expectError(t, b.bring(t, "main", &url.URL{RawQuery: q.Encode()}), "sign_in_refused")
	}
	s.nothing(t)
}

// Mix-up: the answer of one provider comes to the callback of another.
func TestAnAnswerOfAnotherProviderIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	callback := s.other.SignIn(t, b.start(t, "other"), eve.ID)
	expectError(t, b.bring(t, "main", callback), "sign_in_refused")
	// RFC 9207: the answer itself says that it is from another provider.
	q := s.provider.SignIn(t, b.start(t, "main"), eve.ID).Query()
	q.Set("iss", s.other.URL)
	expectError(t, b.bring(t, "main", &url.URL{RawQuery: q.Encode()}), "sign_in_refused")
	q = s.provider.SignIn(t, b.start(t, "main"), eve.ID).Query()
	q.Set("iss", s.provider.URL)
	if location := b.bring(t, "main", &url.URL{RawQuery: q.Encode()}); fragmentOf(t, location).Get("code") == "" {
		t.Errorf("with the right issuer: %s", location)
	}
	s.nothing(t)
}

// The same subject at another provider is somebody else.
func TestSubjectsBelongToTheirProvider(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.browser().mustEnter(t, ada)
	b := s.browser()
	imposter := openidtest.User{ID: ada.ID, Email: "imposter@example.com", EmailVerified: true}
	s.other.Set(imposter)
	tokens, err := b.redeem(t, codeIn(t, b.bring(t, "other", s.other.SignIn(t, b.start(t, "other"), ada.ID))))
	if err != nil || tokens.Customer.ID == first.Customer.ID {
		t.Errorf("account %s, Ada has %s, %v", tokens.Customer.ID, first.Customer.ID, err)
	}
}

// An attacker opens an account with the victim's address, and waits for the victim to sign in with a provider.
func TestAnAccountOpenedInAdvanceGetsNothing(t *testing.T) {
	t.Parallel()
	for _, confirmed := range []bool{false, true} {
		s := open(t)
		attackers := s.register(t, "ada@example.com", confirmed)
		b := s.browser()
		code := b.visit(t, ada)
		_, err := b.redeem(t, code)
		expect(t, err, customers.ErrLinkRequired, "the victim")
		if n := s.count(t, "identities"); n != 0 {
			t.Errorf("%d identities are linked to the account of the attacker", n)
		}
		if confirmed {
			continue
		}
		// Whoever has the account and the victim's browser cannot link it either, as long as nobody has confirmed the address.
		_, err = s.LinkIdentity(t.Context(), attackers.ID, code, b.cookie)
		expect(t, err, customers.ErrLinkRefused, "the account without a confirmed address")
	}
}

// An attacker opens an account with the victim's address at a provider that does not confirm addresses.
func TestAnAccountThatAProviderOpenedForAStrangerIsLostWithANewPassword(t *testing.T) {
	t.Parallel()
	s := open(t)
	attacker := openidtest.User{ID: "u-5", Email: "victim@example.com"}
	s.provider.Set(attacker)
	tokens := s.browser().mustEnter(t, attacker)
	if _, err := s.InviteStaff(t.Context(), "victim@example.com", []string{"support"}); err != nil {
		t.Fatal(err)
	}
	_, err := s.browser().enter(t, attacker)
	expect(t, err, customers.ErrLinkRequired, "after the invitation of the victim to staff")
	_, err = s.Refresh(t.Context(), tokens.Refresh)
	expect(t, err, customers.ErrInvalidRefreshToken, "the session")
}

func TestNobodySignsInToADisabledAccount(t *testing.T) {
	t.Parallel()
	s := open(t)
	id := s.browser().mustEnter(t, ada).Customer.ID
	s.set(t, "customers", bson.D{{Key: "_id", Value: id}}, bson.D{{Key: "roles", Value: []string{customers.RoleDisabled}}})
	_, err := s.browser().enter(t, ada)
	expect(t, err, customers.ErrInvalidCredentials, "a disabled account")
}

func TestConcurrentFirstSignInsOpenOneAccount(t *testing.T) {
	t.Parallel()
	s := open(t)
	const n = 4
	codes, cookies := [n]customers.Secret{}, [n]customers.Secret{}
	for i := range n {
		b := s.browser()
		codes[i] = b.visit(t, ada)
		cookies[i] = b.cookie
	}
	var opened atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := s.RedeemSignIn(t.Context(), customers.SignInProof{Code: codes[i], Browser: cookies[i]}); err == nil {
				opened.Add(1)
			}
		})
	}
	wg.Wait()
	if opened.Load() == 0 || s.count(t, "emails") != 1 || s.count(t, "identities") != 1 {
		t.Errorf("%d sign-ins, %d addresses, %d identities", opened.Load(), s.count(t, "emails"), s.count(t, "identities"))
	}
	s.browser().mustEnter(t, ada)
}

func TestAnIssuerThatIsNotTheOneOfTheSettingsIsNotAsked(t *testing.T) {
	t.Parallel()
	s := open(t, func(settings *openid.Settings) { settings.Issuer += "/" })
	expectError(t, s.browser().start(t, "main"), "provider_unavailable")
}
