package access_test

import (
	"context"
	"crypto/ed25519"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

// keysClient is a KeysService that can be away, or hang.
type keysClient struct {
	asked atomic.Int64
	away  atomic.Bool
	hang  atomic.Bool
	keys  []*accessv1.Key
}

func (k *keysClient) ListKeys(ctx context.Context, _ *accessv1.ListKeysRequest, _ ...grpc.CallOption) (*accessv1.ListKeysResponse, error) {
	k.asked.Add(1)
	if k.hang.Load() {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	if k.away.Load() {
		return nil, errors.New("away")
	}
	return &accessv1.ListKeysResponse{Keys: k.keys}, nil
}

func source() (*access.RemoteKeys, *keysClient) {
	client := &keysClient{keys: []*accessv1.Key{{Id: "one", Ed25519PublicKey: make([]byte, ed25519.PublicKeySize)}}}
	return access.NewRemoteKeys(client), client
}

func TestKeysAreAskedForOnceByManyAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		var wg sync.WaitGroup
		for range 50 {
			wg.Go(func() {
				if _, err := keys.Key(t.Context(), "one"); err != nil {
					t.Errorf("Key: %v", err)
				}
			})
		}
		wg.Wait()
		if n := client.asked.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

func TestKnownKeysOutliveTheServiceThatPublishesThem(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		if _, err := keys.Key(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		client.hang.Store(true)
		time.Sleep(time.Hour) // of the bubble's time: the keys are old now
		start := time.Now()
		if _, err := keys.Key(t.Context(), "one"); err != nil || time.Since(start) > 0 {
			t.Errorf("a known key: %v after %v; want it at once", err, time.Since(start))
		}
		time.Sleep(time.Minute)
		if _, err := keys.Key(t.Context(), "other"); !errors.Is(err, access.ErrKeysUnavailable) {
			t.Errorf("an unknown key while customers hangs: %v, want ErrKeysUnavailable", err)
		}
	})
}

func TestAnUnknownKeyIsAskedForButNotByEveryRequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		for range 100 {
			if _, err := keys.Key(t.Context(), "forged"); !errors.Is(err, access.ErrUnknownKey) {
				t.Fatalf("Key: %v, want ErrUnknownKey", err)
			}
		}
		if n := client.asked.Load(); n != 1 {
			t.Errorf("asked %d times for a forged key, want once", n)
		}
	})
}

func TestWithoutAnyKeyNothingIsKnownToBeForged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		client.away.Store(true)
		for range 2 {
			if _, err := keys.Key(t.Context(), "one"); !errors.Is(err, access.ErrKeysUnavailable) {
				t.Errorf("Key: %v, want ErrKeysUnavailable", err)
			}
		}
	})
}
