package access

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	accessv1 "souk/proto/gen/souk/access/v1"
)

const (
	// Keys are asked for again after this long.
	keysFreshFor = 5 * time.Minute
	// An unknown id makes us ask sooner, but no more often than this.
	keysAskEvery = 2 * time.Second
	// Keys that could not be had are asked for again this soon, because every call fails meanwhile.
	keysRetryEvery = 100 * time.Millisecond
	keysTimeout    = 2 * time.Second
)

// RemoteKeys is the KeySource of every service but customers: it asks the KeysService and keeps the last
// answer for as long as the process lives, so that tokens verify while customers is away.
type RemoteKeys struct {
	client accessv1.KeysServiceClient
	asking singleflight.Group

	mu    sync.Mutex
	keys  map[string]ed25519.PublicKey
	asked time.Time
	// failed is why the last answer could not be had, if so.
	failed error
}

// NewRemoteKeys returns a source that asks client.
func NewRemoteKeys(client accessv1.KeysServiceClient) *RemoteKeys {
	return &RemoteKeys{client: client}
}

// Key implements KeySource. A key that is known is returned at once, and asked for again beside that when it is
// old; only an unknown one waits.
func (r *RemoteKeys) Key(ctx context.Context, id string) (ed25519.PublicKey, error) {
	key, asked, failed := r.known(id)
	age, askEvery := time.Since(asked), keysAskEvery
	if failed {
		askEvery = keysRetryEvery
	}
	if key != nil {
		if age > keysFreshFor {
			r.ask(ctx, asked)
		}
		return key, nil
	}
	if age > askEvery {
		select {
		case <-r.ask(ctx, asked):
		case <-ctx.Done():
			return nil, errors.Join(ErrKeysUnavailable, ctx.Err())
		}
		key, _, _ = r.known(id)
	}
	if key != nil {
		return key, nil
	}
	return nil, r.unknown()
}

// known returns the key with that id, or nil, when the keys were last asked for, and whether that failed.
func (r *RemoteKeys) known(id string) (key ed25519.PublicKey, asked time.Time, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[id], r.asked, r.failed != nil
}

// unknown says what an id that no known key has means: nothing, unless the keys are those in force.
func (r *RemoteKeys) unknown() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil || len(r.keys) == 0 {
		return errors.Join(ErrKeysUnavailable, r.failed)
	}
	return ErrUnknownKey
}

// ask replaces the keys with those in force, unless that was done after the time at which the caller saw that they were last asked
// for. Whoever asks meanwhile gets the same answer.
func (r *RemoteKeys) ask(ctx context.Context, seen time.Time) <-chan singleflight.Result {
	return r.asking.DoChan("", func() (any, error) {
		if _, asked, _ := r.known(""); asked != seen {
			return nil, nil
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), keysTimeout)
		defer cancel()
		answer, err := r.client.ListKeys(ctx, &accessv1.ListKeysRequest{})
		r.mu.Lock()
		defer r.mu.Unlock()
		r.asked = time.Now()
		if err != nil {
			r.failed = fmt.Errorf("list keys: %w", err)
			return nil, nil
		}
		r.failed = nil
		r.keys = make(map[string]ed25519.PublicKey, len(answer.GetKeys()))
		for _, k := range answer.GetKeys() {
			if len(k.GetEd25519PublicKey()) == ed25519.PublicKeySize {
				r.keys[k.GetId()] = k.GetEd25519PublicKey()
			}
		}
		return nil, nil
	})
}
