package token_test

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"souk/platform/access"
	"souk/platform/security"
	"souk/testkit/securitytest"

	"souk/services/customers/internal/customers"
	"souk/services/customers/internal/token"
)

// memory is an in-memory key store for synctest's fake clock, because no database works there. Package mongo tests the real
// one.
type memory struct {
	mu       sync.Mutex
	keys     map[int64]token.Key
	inserted int
	away     error
}

func (m *memory) Keys(context.Context) ([]token.Key, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Collect(maps.Values(m.keys)), m.away
}

func (m *memory) InsertKey(_ context.Context, key token.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, ok := m.keys[key.Number]; !ok {
		m.keys[key.Number] = key
		m.inserted++
	}
	return m.away
}

func (m *memory) DeleteKey(_ context.Context, key token.Key) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.keys, key.Number)
	return m.away
}

// cache is the set of keys that another service has read.
type cache struct {
	mu   sync.Mutex
	keys map[string]ed25519.PublicKey
}

func (c *cache) read(issuer *token.Issuer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.keys = map[string]ed25519.PublicKey{}
	for _, key := range issuer.Published() {
		c.keys[key.ID] = key.Public()
	}
}

func (c *cache) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if key, ok := c.keys[id]; ok {
		return key, nil
	}
	return nil, access.ErrUnknownKey
}

func newIssuer(t *testing.T, store token.Store) *token.Issuer {
	t.Helper()
	issuer, err := token.NewIssuer(t.Context(), store, token.MinKeyLife)
	if err != nil {
		t.Fatal(err)
	}
	return issuer
}

func TestATokenHasTheScopesOfItsAccount(t *testing.T) {
	t.Parallel()
	issuer := newIssuer(t, &memory{keys: map[int64]token.Key{}})
	verifier := access.NewVerifier(issuer)
	for _, roles := range [][]string{
		{customers.RoleCustomer}, {customers.RoleCustomer, customers.RoleSupport}, {customers.RoleCustomer, customers.RoleOwner},
	} {
		account := customers.Customer{ID: "ada", Roles: roles}
		signed, life, err := issuer.Issue(account, "session")
		if want := map[bool]time.Duration{true: token.StaffLife, false: token.Life}[account.Scope() != ""]; err != nil || life != want {
			t.Fatalf("%v: %v, %v; want %v", roles, life, err, want)
		}
		var claims access.Claims
		if _, _, err := jwt.NewParser().ParseUnverified(string(signed), &claims); err != nil || !slices.Equal(claims.Roles, roles) {
			t.Errorf("%v: versions without scopes see the roles %v, %v", roles, claims.Roles, err)
		}
		caller, err := verifier.Verify(t.Context(), string(signed))
		if err != nil {
			t.Fatal(err)
		}
		if left := time.Until(caller.ExpiresAt); left > life || left < life-time.Minute {
			t.Errorf("%v: the token expires in %v, want %v", roles, left, life)
		}
		granted := strings.Fields(access.ScopeText(caller.Scopes))
		slices.Sort(granted)
		if got := strings.Join(granted, " "); got != account.Scope() {
			t.Errorf("%v: the token grants %q, want %q", roles, got, account.Scope())
		}
	}
}

func issue(t *testing.T, issuer *token.Issuer) string {
	t.Helper()
	signed, _, err := issuer.Issue(customers.Customer{ID: "ada"}, "session")
	if err != nil {
		t.Fatal(err)
	}
	return string(signed)
}

// every runs work on an interval until the test ends.
func every(t *testing.T, first, interval time.Duration, work func()) {
	t.Helper()
	go func() {
		for wait := first; ; wait = interval {
			select {
			case <-t.Context().Done():
				return
			case <-time.After(wait):
				work()
			}
		}
	}()
}

func TestEveryTokenVerifiesUntilItExpiresWhileKeysRotate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const step = 4 * time.Minute
		store := &memory{keys: map[int64]token.Key{}}
		replicas := make([]*token.Issuer, 3)
		for i := range replicas {
			replicas[i] = newIssuer(t, store)
			every(t, token.RotateEvery, token.RotateEvery, func() {
				if err := replicas[i].Rotate(t.Context()); err != nil {
					t.Errorf("rotate: %v", err)
				}
			})
		}
		elsewhere := &cache{}
		elsewhere.read(replicas[0])
		reads := 0
		every(t, 30*time.Second, 5*time.Minute, func() { reads++; elsewhere.read(replicas[reads%len(replicas)]) })
		verifiers := []*access.Verifier{access.NewVerifier(elsewhere), access.NewVerifier(replicas[0])}
		var live []string
		for i := range 24 * time.Hour / step {
			live = append(live, issue(t, replicas[int(i)%len(replicas)]))
			if len(live) > int(token.Life/step) {
				live = live[1:]
			}
			time.Sleep(step)
			synctest.Wait()
			for _, verifier := range verifiers {
				for _, signed := range []string{live[0], live[len(live)-1]} { // the oldest live token and the newest
					if _, err := verifier.Verify(t.Context(), signed); err != nil {
						t.Fatalf("after %v: %v", i*step, err)
					}
				}
			}
		}
		if want := 24; store.inserted < want || store.inserted > want+2 {
			t.Errorf("%d keys were made in a day, want one an hour", store.inserted)
		}
		if len(store.keys) > 3 {
			t.Errorf("%d keys are left", len(store.keys))
		}
	})
}

func TestAKeyIsDeletedAfterItsTokensHaveExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{keys: map[int64]token.Key{}}
		issuer := newIssuer(t, store)
		first := issuer.Published()[0].ID
		ctx, events := securitytest.Record(t.Context(), t)
		rotateAfter := func(d time.Duration) {
			time.Sleep(d)
			if err := issuer.Rotate(ctx); err != nil {
				t.Fatal(err)
			}
		}
		rotateAfter(token.MinKeyLife - 10*time.Minute)
		if n := len(issuer.Published()); n != 2 {
			t.Fatalf("%d keys are published ten minutes before the second signs, want both", n)
		}
		rotateAfter(10 * time.Minute)
		if _, err := issuer.Key(t.Context(), first); err != nil {
			t.Errorf("the first key, whose tokens live: %v", err)
		}
		rotateAfter(30 * time.Minute)
		if _, err := issuer.Key(t.Context(), first); !errors.Is(err, access.ErrUnknownKey) || len(store.keys) != 1 {
			t.Errorf("the retired key: %v, and %d are stored; want ErrUnknownKey and 1", err, len(store.keys))
		}
		events.Expect(t, security.SigningKeyAdded, issuer.Published()[0].ID)
		events.Expect(t, security.SigningKeyRetired, first)
	})
}

func TestAnIssuerKeepsItsKeysWhileTheDatabaseIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &memory{keys: map[int64]token.Key{}}
		issuer := newIssuer(t, store)
		store.away = errors.New("away")
		time.Sleep(365 * 24 * time.Hour)
		if err := issuer.Rotate(t.Context()); !errors.Is(err, store.away) {
			t.Errorf("rotate: %v, want that the store is away", err)
		}
		if _, err := access.NewVerifier(issuer).Verify(t.Context(), issue(t, issuer)); err != nil {
			t.Errorf("a token of the old key: %v", err)
		}
	})
}

func TestKeysAreNotPrinted(t *testing.T) {
	t.Parallel()
	store := &memory{keys: map[int64]token.Key{}}
	issuer := newIssuer(t, store)
	key := store.keys[1]
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("json", "key", key, "keys", issuer.Published(), "issuer", issuer)
	slog.New(slog.NewTextHandler(&log, nil)).Info("text", "key", key, "keys", issuer.Published(), "issuer", issuer)
	fmt.Fprintf(&log, "%v %+v %#v", key, issuer.Published(), key)
	seed := string(key.Seed)
	for _, text := range []string{seed, fmt.Sprintf("%x", seed), fmt.Sprintf("%v", []byte(seed)), base64.StdEncoding.EncodeToString([]byte(seed)), fmt.Sprintf("%q", seed)} {
		if strings.Contains(log.String(), text) {
			t.Errorf("a print shows the seed")
		}
	}
}
