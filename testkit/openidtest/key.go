package openidtest

import (
	"crypto/rand"
	"crypto/rsa"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/uuid"
)

// key signs tokens.
type key struct {
	id      string
	private *rsa.PrivateKey
}

func newKey() (*key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	return &key{id: uuid.NewString(), private: private}, err
}

func (k *key) ID() string                                  { return k.id }
func (k *key) SignatureAlgorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k *key) Key() any                                    { return k.private }

// publicKey is what verifies them.
type publicKey struct{ key *key }

func (k *publicKey) ID() string                         { return k.key.id }
func (k *publicKey) Algorithm() jose.SignatureAlgorithm { return jose.RS256 }
func (k *publicKey) Use() string                        { return "sig" }
func (k *publicKey) Key() any                           { return &k.key.private.PublicKey }
