package openid_test

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"souk/platform/security"
	"souk/testkit/openidtest"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
)

func TestTheBrowserIsSentWithStateNonceAndChallenge(t *testing.T) {
	t.Parallel()
	s := open(t)
	location, err := url.Parse(s.browser().start(t, "main"))
	if err != nil {
		t.Fatal(err)
	}
	q := location.Query()
	for name, want := range map[string]string{
		"response_type": "code", "client_id": openidtest.ClientID, "code_challenge_method": "S256", "redirect_uri": callbackOf("main"),
		"scope": "openid email profile",
	} {
		if q.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, q.Get(name), want)
		}
	}
	for _, name := range []string{"state", "nonce", "code_challenge"} {
		if len(q.Get(name)) < 43 {
			t.Errorf("%s is %q", name, q.Get(name))
		}
	}
	if n := s.count(t, "sign_ins"); n != 0 {
		t.Errorf("a start stores %d documents", n)
	}
}

func TestTheFirstSignInOpensAnAccountAndTheNextOnesFindIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	ctx, events := securitytest.Record(t.Context(), t)
	b := s.browser()
	code := b.visit(t, ada)
	tokens, err := s.RedeemSignIn(ctx, customers.SignInProof{Code: code, Browser: b.cookie, UserAgent: "Firefox/1 Linux"})
	if err != nil {
		t.Fatal(err)
	}
	c := tokens.Customer
	if c.Email != "ada@example.com" || c.Name != "Ada Lovelace" || !slices.Equal(c.Roles, []string{customers.RoleCustomer}) || !c.Mailbox.Verified {
		t.Errorf("the account: %+v", c)
	}
	for _, kind := range []security.Kind{security.AccountOpened, security.IdentityLinked, security.SignInSucceeded} {
		events.Expect(t, kind, c.ID)
	}
	again := s.browser().mustEnter(t, ada)
	if again.Customer.ID != c.ID || s.count(t, "customers") != 1 {
		t.Errorf("the next sign-in is to %s of %d accounts", again.Customer.ID, s.count(t, "customers"))
	}
	if _, err := s.Refresh(t.Context(), again.Refresh); err != nil {
		t.Error(err)
	}
	if other := s.browser().mustEnter(t, eve); other.Customer.ID == c.ID {
		t.Error("Eve gets Ada's account")
	}
}

func TestTheSubjectDecidesAndNotTheAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.browser().mustEnter(t, ada)
	moved := ada
	moved.Email = "new@example.com"
	s.provider.Set(moved)
	if again := s.browser().mustEnter(t, ada); again.Customer.ID != first.Customer.ID || again.Customer.Email != "ada@example.com" {
		t.Errorf("with another address at the provider: %+v", again.Customer)
	}
	heir := openidtest.User{ID: "u-heir", Email: ada.Email, EmailVerified: true}
	s.provider.Set(heir)
	_, err := s.browser().enter(t, heir)
	expect(t, err, customers.ErrLinkRequired, "whoever has Ada's old address now")
}

func TestAnUnverifiedAddressStaysOne(t *testing.T) {
	t.Parallel()
	s := open(t)
	unproven := openidtest.User{ID: "u-3", Email: "victim@example.com"}
	s.provider.Set(unproven)
	tokens := s.browser().mustEnter(t, unproven)
	if got, err := s.Customer(t.Context(), tokens.Customer.ID); err != nil || got.Mailbox.Verified {
		t.Errorf("the address is verified, %v", err)
	}
	if n := s.count(t, "outbox"); n != 1 {
		t.Errorf("%d mails wait, want the confirmation", n)
	}
}

func TestWithoutAnAddressThereIsNoAccount(t *testing.T) {
	t.Parallel()
	s := open(t)
	nameless := openidtest.User{ID: "u-4"}
	s.provider.Set(nameless)
	_, err := s.browser().enter(t, nameless)
	expect(t, err, customers.ErrNoEmail, "no address")
	if n := s.count(t, "customers") + s.count(t, "identities"); n != 0 {
		t.Errorf("%d documents", n)
	}
}

func TestACodeIsGoodOnceForAMinute(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	code := b.visit(t, ada)
	if _, err := b.redeem(t, code); err != nil {
		t.Fatal(err)
	}
	_, err := b.redeem(t, code)
	expect(t, err, customers.ErrInvalidSignInCode, "the code again")
	code = b.visit(t, ada)
	s.set(t, "sign_ins", bson.D{{Key: "code_hash", Value: bson.D{{Key: "$ne", Value: ""}}}}, bson.D{{Key: "code_until", Value: time.Now()}})
	_, err = b.redeem(t, code)
	expect(t, err, customers.ErrInvalidSignInCode, "an expired code")
	for _, code := range []customers.Secret{"", "x", "x.y", code + "x", customers.Secret(make([]byte, 5000))} {
		_, err := b.redeem(t, code)
		expect(t, err, customers.ErrInvalidSignInCode, "a wrong code")
	}
}

func TestNothingOfASignInIsStoredThatOpensASession(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	location := b.start(t, "main")
	code := codeIn(t, b.bring(t, "main", s.provider.SignIn(t, location, ada.ID)))
	var stored bson.M
	if err := s.db.Collection("sign_ins").FindOne(t.Context(), bson.D{}).Decode(&stored); err != nil {
		t.Fatal(err)
	}
	started, _ := url.Parse(location)
	for _, secret := range []string{string(code), string(b.cookie), started.Query().Get("state"), started.Query().Get("nonce")} {
		for name, value := range stored {
			if value == secret {
				t.Errorf("%s is stored as it is", name)
			}
		}
	}
	if _, err := b.redeem(t, code); err != nil {
		t.Fatal(err)
	}
	used := bson.M{}
	if err := s.db.Collection("sign_ins").FindOne(t.Context(), bson.D{}).Decode(&used); err != nil || used["claims"] != nil {
		t.Errorf("what the provider told is kept: %v, %v", used["claims"], err)
	}
	s.set(t, "sign_ins", bson.D{}, bson.D{{Key: "expires_at", Value: time.Now().Add(-time.Second)}})
	if err := s.SweepSignIns(t.Context()); err != nil || s.count(t, "sign_ins") != 0 {
		t.Errorf("%d are left, %v", s.count(t, "sign_ins"), err)
	}
}

func TestASecondFactorIsAskedForHoweverOneSignsIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	id := b.mustEnter(t, ada).Customer.ID
	secret, _, err := s.StartSecondFactor(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	recovery, err := s.ConfirmSecondFactor(t.Context(), id, now(t, secret))
	if err != nil {
		t.Fatal(err)
	}
	code := b.visit(t, ada)
	_, err = b.redeem(t, code)
	expect(t, err, customers.ErrSecondFactorRequired, "without a code of the second factor")
	redeem := func(code customers.Secret, second string) error {
		_, err := s.RedeemSignIn(t.Context(), customers.SignInProof{Code: code, Browser: b.cookie, SecondFactor: second})
		return err
	}
	if err := redeem(code, string(recovery[0])); err != nil {
		t.Errorf("with one: %v", err)
	}
	code = b.visit(t, ada)
	expect(t, redeem(code, "000000"), customers.ErrInvalidCredentials, "a wrong one")
	expect(t, redeem(code, string(recovery[1])), customers.ErrInvalidSignInCode, "another try with the same sign-in")
}

func TestAProviderThatIsAwayCostsOnlyItsOwnSignIns(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.provider.Make(openidtest.Mistakes{Away: true})
	b := s.browser()
	for range 20 {
		expectError(t, b.start(t, "main"), "provider_unavailable")
	}
	if n := s.provider.Requests(); n > 10 {
		t.Errorf("20 sign-ins made %d requests to a provider that is away", n)
	}
	other := s.browser()
	if _, err := other.redeem(t, codeIn(t, other.bring(t, "other", s.other.SignIn(t, other.start(t, "other"), eve.ID)))); err != nil {
		t.Errorf("with the other provider: %v", err)
	}
	s.register(t, "bob@example.com", false)
	if _, err := s.SignIn(t.Context(), customers.Credentials{Email: "bob@example.com", Password: password}); err != nil {
		t.Errorf("with a password: %v", err)
	}
	s.provider.Make(openidtest.Mistakes{})
	deadline := time.Now().Add(20 * time.Second)
	for location := b.start(t, "main"); location == page+"#error=provider_unavailable"; location = b.start(t, "main") {
		if time.Now().After(deadline) {
			t.Fatal("the provider is not asked again")
		}
		select {
		case <-t.Context().Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
	b.mustEnter(t, ada)
}

func TestAProviderThatGoesAwayDuringASignIn(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	callback := s.provider.SignIn(t, b.start(t, "main"), ada.ID)
	s.provider.Make(openidtest.Mistakes{Away: true})
	expectError(t, b.bring(t, "main", callback), "provider_unavailable")
}

func TestTheProvidersKeysMayChange(t *testing.T) {
	t.Parallel()
	s := open(t)
	first := s.browser().mustEnter(t, ada)
	for range 3 {
		s.provider.Rotate(t)
		if again := s.browser().mustEnter(t, ada); again.Customer.ID != first.Customer.ID {
			t.Error("another account")
		}
	}
}

func TestWhoRefusesAtTheProviderIsToldSo(t *testing.T) {
	t.Parallel()
	s := open(t)
	b := s.browser()
	started, _ := url.Parse(b.start(t, "main"))
	answer := &url.URL{RawQuery: url.Values{"state": {started.Query().Get("state")}, "error": {"access_denied"}}.Encode()}
	expectError(t, b.bring(t, "main", answer), "access_denied")
}

// now returns the code that a device with a secret shows.
func now(t *testing.T, secret customers.Secret) string {
	t.Helper()
	code, err := totp.GenerateCode(string(secret), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return code
}
