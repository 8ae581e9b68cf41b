// Package token signs access tokens, and publishes and rotates the signing keys.
package token

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"souk/platform/access"
	"souk/platform/security"

	"souk/services/customers/internal/customers"
)

// Life is the lifetime of an access token, and StaffLife that of one with scopes: it cannot be revoked, and what its account may do may
// change.
const (
	Life      = 15 * time.Minute
	StaffLife = 5 * time.Minute
)

// RotateEvery is the interval at which to call Rotate.
const RotateEvery = time.Minute

var keyExpiry = promauto.NewGauge(prometheus.GaugeOpts{
	Name: "souk_signing_key_expiry_timestamp_seconds", Help: "When the newest key for access tokens is to be replaced by another one.",
})

// Issuer signs access tokens with the shop's keys. It is also the key source of its own process.
type Issuer struct {
	store   Store
	keyLife time.Duration
	// keys are the keys read last, in the order in which they sign. There is at least one.
	keys atomic.Pointer[[]Key]
}

var (
	_ customers.TokenIssuer = (*Issuer)(nil)
	_ access.KeySource      = (*Issuer)(nil)
)

// NewIssuer returns an issuer that signs with the keys in store. It creates the first key if there is none. Each key signs for
// keyLife, which must be at least MinKeyLife.
func NewIssuer(ctx context.Context, store Store, keyLife time.Duration) (*Issuer, error) {
	i := &Issuer{store: store, keyLife: max(keyLife, MinKeyLife)}
	if err := i.Rotate(ctx); err != nil {
		return nil, err
	}
	return i, nil
}

// Rotate reads the keys again, creates the next one when it is due, and deletes keys whose tokens have all expired. Several
// replicas may do so at once. If it fails, the issuer keeps using its present keys.
func (i *Issuer) Rotate(ctx context.Context) error {
	keys, err := i.read(ctx)
	if err != nil {
		return err
	}
	now := time.Now()
	if number, signsFrom, ok := due(keys, i.keyLife, now); ok {
		next := newKey(number, signsFrom)
		if err := i.store.InsertKey(ctx, next); err != nil {
			return err
		}
		// Another replica may have stored its key first.
		if keys, err = i.read(ctx); err != nil {
			return err
		}
		if len(keys) == 0 {
			return errors.New("signing keys: there are none")
		}
		if slices.ContainsFunc(keys, func(k Key) bool { return k.ID == next.ID }) {
			security.Log(ctx, security.SigningKeyAdded, next.ID, slog.Time("signs_from", signsFrom))
		}
	}
	i.keys.Store(&keys)
	keyExpiry.Set(float64(keys[len(keys)-1].SignsFrom.Add(i.keyLife).Unix()))
	_, retired := split(keys, now)
	for _, key := range retired {
		if err := i.store.DeleteKey(ctx, key); err != nil {
			return err
		}
		security.Log(ctx, security.SigningKeyRetired, key.ID)
	}
	return nil
}

func (i *Issuer) read(ctx context.Context) ([]Key, error) {
	keys, err := i.store.Keys(ctx)
	if err != nil {
		return nil, err
	}
	for _, key := range keys {
		if len(key.Seed) != ed25519.SeedSize {
			return nil, fmt.Errorf("signing key %d: the stored seed has %d bytes", key.Number, len(key.Seed))
		}
	}
	return ordered(keys), nil
}

// Published returns the keys that verify tokens: earlier keys, the signing key, and the next one.
func (i *Issuer) Published() []Key {
	published, _ := split(*i.keys.Load(), time.Now())
	return published
}

// Issue implements customers.TokenIssuer.
func (i *Issuer) Issue(customer customers.Customer, sessionID string) (customers.Secret, time.Duration, error) {
	life := Life
	var scope *string
	if text := customer.Scope(); text != "" {
		scope, life = new(customer.Granted()), StaffLife
	}
	roles, withheld := customer.Roles, customer.Withheld()
	if withheld != "" { // versions without scopes let the owner's role do everything
		roles = slices.DeleteFunc(slices.Clone(roles), func(role string) bool { return role == customers.RoleOwner })
	}
	token, err := i.sign(access.Claims{SessionID: sessionID, Roles: roles, Scope: scope, Withheld: withheld}, customer.ID, uuid.NewString(), time.Now(), life)
	return token, life, err
}

// IssueToClient implements customers.TokenIssuer. Versions that know no clients refuse the token, because it has no session.
func (i *Issuer) IssueToClient(client customers.Client) (customers.Secret, time.Duration, error) {
	scope := strings.Join(client.Scopes, " ")
	token, err := i.sign(access.Claims{ClientID: client.ID, Scope: &scope}, client.ID, uuid.NewString(), time.Now(), StaffLife)
	return token, StaffLife, err
}

// IssueGuest implements customers.TokenIssuer. The token has nothing that is random, so that a checkout that is repeated is answered with
// the same one.
func (i *Issuer) IssueGuest(orderID string, issuedAt time.Time) (token customers.Secret, expiresAt time.Time, err error) {
	token, err = i.sign(access.Claims{SessionID: orderID, Roles: []string{access.RoleGuest}}, orderID, orderID, issuedAt, Life)
	return token, issuedAt.Truncate(time.Second).Add(Life), err
}

// sign signs a token for subject with the key that was in force when it was issued.
func (i *Issuer) sign(claims access.Claims, subject, id string, issuedAt time.Time, life time.Duration) (customers.Secret, error) {
	claims.RegisteredClaims = jwt.RegisteredClaims{
		Issuer: access.Issuer, Audience: jwt.ClaimStrings{access.Audience}, Subject: subject, ID: id,
		IssuedAt: jwt.NewNumericDate(issuedAt), NotBefore: jwt.NewNumericDate(issuedAt), ExpiresAt: jwt.NewNumericDate(issuedAt.Add(life)),
	}
	key := signing(*i.keys.Load(), issuedAt)
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	token.Header["typ"] = access.TokenType
	token.Header["kid"] = key.ID
	signed, err := token.SignedString(key.private())
	return customers.Secret(signed), err
}

// Key implements access.KeySource.
func (i *Issuer) Key(_ context.Context, id string) (ed25519.PublicKey, error) {
	for _, key := range i.Published() {
		if key.ID == id {
			return key.Public(), nil
		}
	}
	return nil, access.ErrUnknownKey
}
