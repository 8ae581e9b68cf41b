package access

import (
	"context"
	"crypto/ed25519"
	"fmt"
	"sync"
	"time"

	accessv1 "souk/proto/gen/souk/access/v1"
)

const (
	// Keys are asked for again after this long.
	keysFreshFor = 5 * time.Minute
	// An unknown id makes us ask sooner, but no more often than this.
	keysAskEvery = 2 * time.Second
	keysTimeout  = 2 * time.Second
)

// RemoteKeys is the KeySource of every service but customers: it asks the KeysService and keeps the last
// answer for as long as the process lives, so that tokens verify while customers is away.
type RemoteKeys struct {
	client accessv1.KeysServiceClient

	mu    sync.Mutex
	keys  map[string]ed25519.PublicKey
	asked time.Time
}

// NewRemoteKeys returns a source that asks client.
func NewRemoteKeys(client accessv1.KeysServiceClient) *RemoteKeys {
	return &RemoteKeys{client: client}
}

// Key implements KeySource.
func (r *RemoteKeys) Key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key, known := r.keys[id]
	age := time.Since(r.asked)
	if age > keysFreshFor || !known && age > keysAskEvery {
		if err := r.ask(ctx); err != nil && !known {
			return nil, fmt.Errorf("%w: %w", ErrKeysUnavailable, err)
		}
		key, known = r.keys[id]
	}
	if !known && r.keys == nil {
		return nil, ErrKeysUnavailable
	}
	if !known {
		return nil, ErrUnknownKey
	}
	return key, nil
}

// ask replaces the keys with those in force.
func (r *RemoteKeys) ask(ctx context.Context) error {
	r.asked = time.Now()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
	defer cancel()
	answer, err := r.client.ListKeys(ctx, &accessv1.ListKeysRequest{})
	if err != nil {
		return fmt.Errorf("list keys: %w", err)
	}
	keys := make(map[string]ed25519.PublicKey, len(answer.GetKeys()))
	for _, k := range answer.GetKeys() {
		if len(k.GetEd25519PublicKey()) == ed25519.PublicKeySize {
			keys[k.GetId()] = k.GetEd25519PublicKey()
		}
	}
	r.keys = keys
	return nil
}
