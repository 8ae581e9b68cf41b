package access_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"souk/e2e/shop"
)

type object = map[string]any

// shopKey is the key that the shop signs with, read from its database: an attacker does not have it, but a test needs
// tokens that are good but for one thing.
var shopKey = sync.OnceValues(func() (ed25519.PrivateKey, error) {
	ctx, cancel := requestContext()
	defer cancel()
	_, session, err := shop.New(running.URL()).Login(ctx, running.StaffEmail(), running.StaffPassword())
	if err != nil {
		return nil, err
	}
	seeds, err := storedSeeds(ctx)
	if err != nil {
		return nil, err
	}
	end := strings.LastIndex(session.AccessToken, ".")
	signature, err := base64.RawURLEncoding.DecodeString(session.AccessToken[end+1:])
	if err != nil {
		return nil, err
	}
	for _, seed := range seeds {
		private := ed25519.NewKeyFromSeed(seed)
		if ed25519.Verify(publicOf(private), []byte(session.AccessToken[:end]), signature) {
			return private, nil
		}
	}
	return nil, errors.New("no stored key has signed the access token")
})

// storedSeeds returns the seeds of the keys that customers keeps.
func storedSeeds(ctx context.Context) ([][]byte, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(fmt.Sprintf("mongodb://127.0.0.1:%d", mongoPort)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = client.Disconnect(ctx) }()
	cursor, err := client.Database("customers").Collection("keys").Find(ctx, bson.D{})
	if err != nil {
		return nil, err
	}
	var documents []struct {
		Seed []byte `bson:"seed"`
	}
	if err := cursor.All(ctx, &documents); err != nil {
		return nil, err
	}
	var seeds [][]byte
	for _, d := range documents {
		if len(d.Seed) == ed25519.SeedSize {
			seeds = append(seeds, d.Seed)
		}
	}
	return seeds, nil
}

func key(t *testing.T) ed25519.PrivateKey {
	t.Helper()
	private, err := shopKey()
	if err != nil {
		t.Fatal(err)
	}
	return private
}

func publicOf(private ed25519.PrivateKey) ed25519.PublicKey {
	return private.Public().(ed25519.PublicKey)
}

// signed returns a token that private signed.
func signed(t *testing.T, private ed25519.PrivateKey, header, claims object) string {
	t.Helper()
	text := b64(encode(t, header)) + "." + b64(encode(t, claims))
	return text + "." + b64(ed25519.Sign(private, []byte(text)))
}

func b64(content []byte) string { return base64.RawURLEncoding.EncodeToString(content) }

func encode(t *testing.T, value object) []byte {
	t.Helper()
	content, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// parts returns what is in a good token.
func parts(t *testing.T, token string) (header, claims object) {
	t.Helper()
	segments := strings.Split(token, ".")
	if len(segments) != 3 {
		t.Fatalf("a token has %d segments", len(segments))
	}
	for i, into := range []*object{&header, &claims} {
		content, err := base64.RawURLEncoding.DecodeString(segments[i])
		if err != nil {
			t.Fatal(err)
		}
		decoder := json.NewDecoder(bytes.NewReader(content))
		decoder.UseNumber()
		if err := decoder.Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return header, claims
}

// with returns o with other fields; one that is nil is left out.
func with(o, fields object) object {
	changed := object{}
	maps.Copy(changed, o)
	for name, value := range fields {
		changed[name] = value
		if value == nil {
			delete(changed, name)
		}
	}
	return changed
}

// past and future are beyond what clocks may differ by, and what a test may take.
func past() int64   { return time.Now().Add(-time.Minute).Unix() }
func future() int64 { return time.Now().Add(time.Hour).Unix() }

// expired is ada's token, over.
func expired(t *testing.T, p *people) string {
	t.Helper()
	header, claims := parts(t, p.account(ada).Token)
	return signed(t, key(t), header, with(claims, object{"exp": past()}))
}
