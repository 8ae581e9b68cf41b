package openid_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"souk/testkit/mongotest"
	"souk/testkit/openidtest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/mongo"
	"souk/services/customers/internal/openid"
	"souk/services/customers/internal/token"
)

func TestMain(m *testing.M) { mongotest.Main(m) }

const (
	shopURL  = "https://api.shop.example"
	page     = "https://shop.example/sign-in"
	password = customers.Secret("correct horse")
)

// Users of the providers.
var (
	ada = openidtest.User{ID: "u-ada", Email: "Ada@example.com", EmailVerified: true}
	eve = openidtest.User{ID: "u-eve", Email: "eve@example.com", EmailVerified: true}
)

// shop is a service that offers two providers.
type shop struct {
	*customers.Service
	db              *driver.Database
	provider, other *openidtest.Provider
}

// open returns a shop. edit changes the settings of its first provider.
func open(t *testing.T, edit ...func(*openid.Settings)) shop {
	t.Helper()
	s := shop{db: mongotest.New(t)}
	s.provider = openidtest.New(t, callbackOf("main"), ada, eve)
	s.other = openidtest.New(t, callbackOf("other"), ada, eve)
	store := mongo.New(s.db)
	if err := store.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	issuer, err := token.NewIssuer(t.Context(), store, 30*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	settings := []openid.Settings{settingsOf("main", s.provider), settingsOf("other", s.other)}
	for _, e := range edit {
		e(&settings[0])
	}
	s.Service = customers.New(store, issuer)
	s.OfferProviders(openid.All(settings, shopURL), page)
	return s
}

func settingsOf(name string, p *openidtest.Provider) openid.Settings {
	return openid.Settings{Name: name, Issuer: p.URL, ClientID: openidtest.ClientID, ClientSecret: openidtest.ClientSecret}
}

func callbackOf(name string) string { return shopURL + "/v1/sign-in/" + name + "/callback" }

// browser is a browser with the cookie of the shop.
type browser struct {
	shop   shop
	cookie customers.Secret
}

// start returns where the browser is sent to.
func (b *browser) start(t *testing.T, provider string) string {
	t.Helper()
	location, cookie, err := b.shop.StartSignIn(t.Context(), provider, b.cookie)
	if err != nil {
		t.Fatal(err)
	}
	b.cookie = cookie
	return location
}

// bring returns where the browser is sent to when it comes back from a provider.
func (b *browser) bring(t *testing.T, provider string, callback *url.URL) string {
	t.Helper()
	q := callback.Query()
	location, err := b.shop.FinishSignIn(t.Context(), provider, b.cookie, customers.Answer{
		Code: customers.Secret(q.Get("code")), State: q.Get("state"), Issuer: q.Get("iss"), Error: q.Get("error"),
	})
	if err != nil {
		t.Fatal(err)
	}
	return location
}

// visit signs in at the main provider and returns the one-time code.
func (b *browser) visit(t *testing.T, user openidtest.User) customers.Secret {
	t.Helper()
	return codeIn(t, b.bring(t, "main", b.shop.provider.SignIn(t, b.start(t, "main"), user.ID)))
}

// enter is visit, and then opens a session.
func (b *browser) enter(t *testing.T, user openidtest.User) (customers.Tokens, error) {
	t.Helper()
	return b.redeem(t, b.visit(t, user))
}

func (b *browser) redeem(t *testing.T, code customers.Secret) (customers.Tokens, error) {
	t.Helper()
	return b.shop.RedeemSignIn(t.Context(), customers.SignInProof{Code: code, Browser: b.cookie})
}

func (s shop) browser() *browser { return &browser{shop: s} }

// codeIn returns the code that the page gets.
func codeIn(t *testing.T, location string) customers.Secret {
	t.Helper()
	values := fragmentOf(t, location)
	if values.Get("code") == "" {
		t.Fatalf("the page gets %q", values.Encode())
	}
	return customers.Secret(values.Get("code"))
}

func fragmentOf(t *testing.T, location string) url.Values {
	t.Helper()
	text, ok := strings.CutPrefix(location, page+"#")
	values, err := url.ParseQuery(text)
	if !ok || err != nil {
		t.Fatalf("the browser is sent to %q, %v", location, err)
	}
	return values
}

// expectError checks that the page gets an error and no code.
func expectError(t *testing.T, location, want string) {
	t.Helper()
	if values := fragmentOf(t, location); values.Get("error") != want || values.Has("code") {
		t.Errorf("the page gets %q, want the error %s", values.Encode(), want)
	}
}

// mustEnter is enter for somebody who may.
func (b *browser) mustEnter(t *testing.T, user openidtest.User) customers.Tokens {
	t.Helper()
	tokens, err := b.enter(t, user)
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

func expect(t *testing.T, err, want error, what string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: %v, want %v", what, err, want)
	}
}

// register opens an account with a password, whose address is confirmed or not.
func (s shop) register(t *testing.T, email string, confirmed bool) customers.Customer {
	t.Helper()
	c, err := s.Register(t.Context(), email, password, "Ada")
	if err != nil {
		t.Fatal(err)
	}
	if confirmed {
		s.set(t, "emails", bson.D{{Key: "_id", Value: email}}, bson.D{{Key: "verified_at", Value: time.Now()}})
	}
	return c
}

// set changes one stored document.
func (s shop) set(t *testing.T, collection string, filter, fields bson.D) {
	t.Helper()
	result, err := s.db.Collection(collection).UpdateOne(t.Context(), filter, bson.D{{Key: "$set", Value: fields}})
	if err != nil || result.MatchedCount != 1 {
		t.Fatalf("%+v, %v", result, err)
	}
}

func (s shop) count(t *testing.T, collection string) int64 {
	t.Helper()
	n, err := s.db.Collection(collection).CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
