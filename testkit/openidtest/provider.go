// Package openidtest starts an OpenID provider (github.com/zitadel/oidc) that can make mistakes.
package openidtest

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The client that every provider knows.
const (
	ClientID     = "souk"
	ClientSecret = "a secret of the shop"
)

const userPassword = "correct horse"

// User is somebody whom the provider knows.
type User struct {
	ID            string
	Email         string
	EmailVerified bool
	// Claims are told beside the usual ones.
	Claims map[string]any
}

// Mistakes are what the provider does wrong. The zero value is none.
type Mistakes struct {
	// Nonce and Audience are in ID tokens in place of the right ones.
	Nonce, Audience string
	// Away makes it answer every request with 503.
	Away bool
}

// Provider is a running provider.
type Provider struct {
	// URL is its issuer.
	URL string

	mu       sync.Mutex
	users    map[string]User
	mistakes Mistakes
	key      *key
	requests int
}

// New starts a provider that sends browsers back to one URL. It ends with the test.
func New(t testing.TB, redirect string, users ...User) *Provider {
	t.Helper()
	p, stop, err := Start(redirect, users...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return p
}

// Start is New for several tests.
func Start(redirect string, users ...User) (p *Provider, stop func(), err error) {
	p = &Provider{users: map[string]User{}}
	if p.key, err = newKey(); err != nil {
		return nil, nil, err
	}
	for _, u := range users {
		p.users[u.ID] = u
	}
	var handler http.Handler
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p.count().Away {
			http.Error(w, "away", http.StatusServiceUnavailable)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	p.URL = server.URL
	client := storage.WebClient(ClientID, ClientSecret, redirect)
	kept := storage.NewStorageWithClients(directory{p}, map[string]*storage.Client{ClientID: client})
	provider, err := op.NewProvider(&op.Config{CryptoKey: cryptoKey(), CodeMethodS256: true}, &faulty{Storage: kept, provider: p},
		op.StaticIssuer(p.URL), op.WithAllowInsecure(), op.WithLogger(slog.New(slog.NewTextHandler(io.Discard, nil))))
	if err != nil {
		server.Close()
		return nil, nil, err
	}
	pages := http.NewServeMux()
	pages.HandleFunc("GET /login/username", func(w http.ResponseWriter, r *http.Request) {
		id := r.FormValue("authRequestID")
		if err := kept.CheckUsernamePassword(r.FormValue("user"), userPassword, id); err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, "/authorize/callback?"+url.Values{"id": {id}}.Encode(), http.StatusFound)
	})
	pages.Handle("/", provider)
	handler = pages
	return p, server.Close, nil
}

func cryptoKey() (key [32]byte) {
	_, _ = rand.Read(key[:]) // never fails (crypto/rand)
	return key
}

// count counts a request, and returns the mistakes to be made.
func (p *Provider) count() Mistakes {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests++
	return p.mistakes
}

// Requests returns how many requests the provider got.
func (p *Provider) Requests() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.requests
}

// Make makes the provider make mistakes from now on.
func (p *Provider) Make(mistakes Mistakes) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.mistakes = mistakes
}

// Set changes what the provider knows of a user.
func (p *Provider) Set(user User) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.users[user.ID] = user
}

// Rotate replaces the key that signs tokens.
func (p *Provider) Rotate(t testing.TB) {
	t.Helper()
	next, err := newKey()
	if err != nil {
		t.Fatal(err)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.key = next
}

func (p *Provider) signingKey() *key {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.key
}

func (p *Provider) user(id string) (User, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	u, ok := p.users[id]
	return u, ok
}

// SignIn does what a browser does at the provider: it goes to the location that the shop names, signs in as a user, and returns where the
// provider sends it.
func (p *Provider) SignIn(t testing.TB, location, userID string) (callback *url.URL) {
	t.Helper()
	login := p.follow(t, location)
	query := login.Query()
	query.Set("user", userID)
	login.RawQuery = query.Encode()
	return p.follow(t, p.follow(t, login.String()).String())
}

// follow returns where a page of the provider redirects to.
func (p *Provider) follow(t testing.TB, location string) *url.URL {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, location, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	next, err := resp.Location()
	if err != nil {
		t.Fatalf("%s answered %d: %s", req.URL.Path, resp.StatusCode, body)
	}
	return next
}

// faulty is a storage that makes the provider's mistakes.
type faulty struct {
	*storage.Storage
	provider *Provider
}

func (f *faulty) SigningKey(context.Context) (op.SigningKey, error) {
	return f.provider.signingKey(), nil
}

func (f *faulty) KeySet(context.Context) ([]op.Key, error) {
	return []op.Key{&publicKey{f.provider.signingKey()}}, nil
}

// AuthRequestByCode returns the request whose values get into the ID token.
func (f *faulty) AuthRequestByCode(ctx context.Context, code string) (op.AuthRequest, error) {
	r, err := f.Storage.AuthRequestByCode(ctx, code)
	if err != nil {
		return nil, err
	}
	return &request{AuthRequest: r, mistakes: f.provider.count()}, nil
}

// CreateAccessToken passes the request on as the storage knows it.
func (f *faulty) CreateAccessToken(ctx context.Context, r op.TokenRequest) (string, time.Time, error) {
	if wrong, ok := r.(*request); ok {
		wrong.exchanged = true
		r = wrong.AuthRequest
	}
	return f.Storage.CreateAccessToken(ctx, r)
}

func (f *faulty) SetUserinfoFromToken(ctx context.Context, info *oidc.UserInfo, tokenID, subject, origin string) error {
	if err := f.Storage.SetUserinfoFromToken(ctx, info, tokenID, subject, origin); err != nil {
		return err
	}
	user, _ := f.provider.user(subject)
	for name, value := range user.Claims {
		info.AppendClaims(name, value)
	}
	return nil
}

type request struct {
	op.AuthRequest
	mistakes Mistakes
	// exchanged is set once the client has proven that the code is its own. What follows is the ID token.
	exchanged bool
}

// GetClientID returns what the library adds to the audience of the ID token.
func (r *request) GetClientID() string {
	if r.exchanged && r.mistakes.Audience != "" {
		return r.mistakes.Audience
	}
	return r.AuthRequest.GetClientID()
}

func (r *request) GetNonce() string {
	if r.mistakes.Nonce != "" {
		return r.mistakes.Nonce
	}
	return r.AuthRequest.GetNonce()
}

func (r *request) GetAudience() []string {
	if r.mistakes.Audience != "" {
		return []string{r.mistakes.Audience}
	}
	return r.AuthRequest.GetAudience()
}

// directory is the provider's users as the storage asks for them.
type directory struct{ provider *Provider }

func (d directory) GetUserByID(id string) *storage.User {
	u, ok := d.provider.user(id)
	if !ok {
		return nil
	}
	return &storage.User{ID: u.ID, Username: u.ID, Password: userPassword, FirstName: "Ada", LastName: "Lovelace", Email: u.Email, EmailVerified: u.EmailVerified}
}

func (d directory) GetUserByUsername(name string) *storage.User { return d.GetUserByID(name) }
func (d directory) ExampleClientID() string                     { return storage.ServiceUserID }
