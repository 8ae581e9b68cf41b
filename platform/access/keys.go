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

// RefreshKeysEvery is the interval at which to call RemoteKeys.Refresh.
const RefreshKeysEvery = time.Minute

const (
	// Known keys are refreshed after this long.
	keysFreshFor = 5 * time.Minute
	// A token with an unknown key ID causes an earlier refresh, but not more often than this.
	keysAskEvery = 2 * time.Second
	// After a failed request for the keys, the next one may be made this soon, because tokens with unknown keys fail meanwhile.
	keysRetryEvery = 100 * time.Millisecond
	keysTimeout    = 2 * time.Second
)

// RemoteKeys is the KeySource of every service but customers. It asks the KeysService and keeps the last answer as long as the
// process lives, so that tokens can be verified while customers is down.
type RemoteKeys struct {
	client accessv1.KeysServiceClient
	asking singleflight.Group

	mu    sync.Mutex
	keys  map[string]ed25519.PublicKey
	asked time.Time
	// failed is the error of the last request, nil if it succeeded.
	failed error
}

// NewRemoteKeys returns a source that gets its keys from client.
func NewRemoteKeys(client accessv1.KeysServiceClient) *RemoteKeys {
	return &RemoteKeys{client: client}
}

// Key implements KeySource. It returns a known key at once, and refreshes old keys in the background. Only a call with an
// unknown key ID waits for a refresh.
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

// Refresh asks for the keys, so that one that was ended is forgotten also if nobody shows a token. If that fails, the known keys stay: no
// token could be verified while customers is down.
func (r *RemoteKeys) Refresh(ctx context.Context) error {
	_, asked, _ := r.known("")
	select {
	case <-r.ask(ctx, asked):
	case <-ctx.Done():
		return ctx.Err()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// known returns the key with this ID or nil, the time of the last request for keys, and whether that request failed.
func (r *RemoteKeys) known(id string) (key ed25519.PublicKey, asked time.Time, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.keys[id], r.asked, r.failed != nil
}

// unknown returns the error for an unknown key ID. It is ErrUnknownKey only if the last request for the keys succeeded;
// otherwise the key may be a new one.
func (r *RemoteKeys) unknown() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil || len(r.keys) == 0 {
		return errors.Join(ErrKeysUnavailable, r.failed)
	}
	return ErrUnknownKey
}

// ask requests the current keys, unless somebody has done so since seen, which is the time of the last request as the caller
// knows it. Concurrent callers share one request.
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
