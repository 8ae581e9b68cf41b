package access_test

import (
	"bytes"
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

// keysClient is a fake KeysService that can fail or hang.
type keysClient struct {
	asked atomic.Int64
	away  atomic.Bool
	hang  atomic.Bool
	keys  atomic.Pointer[[]*accessv1.Key]
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
	return &accessv1.ListKeysResponse{Keys: *k.keys.Load()}, nil
}

func source() (*access.RemoteKeys, *keysClient) {
	client := &keysClient{}
	client.publish("one")
	return access.NewRemoteKeys(client), client
}

// publish replaces the keys of the service.
func (k *keysClient) publish(ids ...string) {
	keys := make([]*accessv1.Key, len(ids))
	for i, id := range ids {
		keys[i] = &accessv1.Key{Id: id, Ed25519PublicKey: bytes.Repeat([]byte(id[:1]), ed25519.PublicKeySize)}
	}
	k.keys.Store(&keys)
}

// mustHave checks that the source returns the keys.
func mustHave(t *testing.T, keys *access.RemoteKeys, ids ...string) {
	t.Helper()
	for _, id := range ids {
		key, err := keys.Key(t.Context(), id)
		if err != nil || len(key) != ed25519.PublicKeySize || key[0] != id[0] {
			t.Errorf("key %s: %x, %v", id, key, err)
		}
	}
}

func TestConcurrentCallersShareOneRequestForKeys(t *testing.T) {
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

func TestAFailedRequestForKeysIsRepeatedSoon(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		client.away.Store(true)
		for range 10 {
			if _, err := keys.Key(t.Context(), "one"); !errors.Is(err, access.ErrKeysUnavailable) {
				t.Errorf("Key while the service is away: %v", err)
			}
		}
		if n := client.asked.Load(); n != 1 {
			t.Errorf("asked %d times at once, want once", n)
		}
		client.away.Store(false)
		time.Sleep(150 * time.Millisecond)
		mustHave(t, keys, "one")
	})
}

func TestKnownKeysStayUsableWhileCustomersIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		if _, err := keys.Key(t.Context(), "one"); err != nil {
			t.Fatal(err)
		}
		client.hang.Store(true)
		time.Sleep(time.Hour) // in the synctest bubble; the keys are old now
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

func TestUnknownKeyIDsCauseFewRequestsForKeys(t *testing.T) {
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

func TestWithoutKeysATokenIsNotCalledInvalid(t *testing.T) {
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

func TestKeysAreCachedAndThenRefreshed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		for range 100 {
			mustHave(t, keys, "one")
			time.Sleep(time.Second)
		}
		if n := client.asked.Load(); n != 1 {
			t.Errorf("asked %d times in 100 seconds, want once", n)
		}
		client.publish("two")
		time.Sleep(6 * time.Minute)
		// The first caller after that gets the known key, and the refresh runs in the background.
		mustHave(t, keys, "one")
		synctest.Wait()
		mustHave(t, keys, "two")
		if _, err := keys.Key(t.Context(), "one"); !errors.Is(err, access.ErrUnknownKey) {
			t.Errorf("a key that is no longer in force: %v, want ErrUnknownKey", err)
		}
	})
}

func TestAnUnknownKeyIsUnavailableWhileCustomersIsDown(t *testing.T) {
	t.Parallel()
	for name, stop := range map[string]func(*keysClient, bool){
		"away":  func(k *keysClient, on bool) { k.away.Store(on) },
		"hangs": func(k *keysClient, on bool) { k.hang.Store(on) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				keys, client := source()
				mustHave(t, keys, "one")
				stop(client, true)
				for range 10 {
					time.Sleep(time.Hour)
					mustHave(t, keys, "one")
				}
				// The key may be a new one. After a 401 the client would discard a good token.
				for range 50 {
					if _, err := keys.Key(t.Context(), "two"); !errors.Is(err, access.ErrKeysUnavailable) || errors.Is(err, access.ErrUnknownKey) {
						t.Fatalf("a key that may be new: %v, want ErrKeysUnavailable", err)
					}
					time.Sleep(100 * time.Millisecond)
				}
				stop(client, false)
				client.publish("one", "two")
				time.Sleep(10 * time.Second)
				mustHave(t, keys, "two", "one")
				if _, err := keys.Key(t.Context(), "three"); !errors.Is(err, access.ErrUnknownKey) {
					t.Errorf("an unknown key: %v, want ErrUnknownKey", err)
				}
			})
		})
	}
}

func TestANewKeyIsFoundAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		mustHave(t, keys, "one")
		time.Sleep(10 * time.Second)
		client.publish("one", "two")
		mustHave(t, keys, "two")
		for range 100 {
			if _, err := keys.Key(t.Context(), "forged"); !errors.Is(err, access.ErrUnknownKey) {
				t.Fatalf("%v, want ErrUnknownKey", err)
			}
			time.Sleep(100 * time.Millisecond)
		}
		if n := client.asked.Load(); n > 2+5 {
			t.Errorf("asked %d times within 10 seconds, want 5 at most", n-2)
		}
	})
}

func TestACanceledCallerDoesNotCancelTheRequestForKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := keys.Key(ctx, "one"); err != nil && !errors.Is(err, access.ErrKeysUnavailable) {
			t.Error(err)
		}
		synctest.Wait()
		mustHave(t, keys, "one")
		if n := client.asked.Load(); n != 1 {
			t.Errorf("asked %d times, want once", n)
		}
	})
}

func TestKeysOfTheWrongSizeAreIgnored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		keys, client := source()
		good := *client.keys.Load()
		client.keys.Store(&[]*accessv1.Key{good[0], {Id: "short", Ed25519PublicKey: []byte("short")}, {Id: "empty"}})
		mustHave(t, keys, "one")
		for _, id := range []string{"short", "empty"} {
			if _, err := keys.Key(t.Context(), id); !errors.Is(err, access.ErrUnknownKey) {
				t.Errorf("key %s: %v, want ErrUnknownKey", id, err)
			}
		}
	})
}

func TestAKeyThatWasEndedIsForgottenWithoutATokenOfIt(t *testing.T) {
	t.Parallel()
	keys, client := source()
	mustHave(t, keys, "one")
	client.publish("two")
	if err := keys.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, ok := keys.Cached("one"); ok {
		t.Error("the key that was ended is still known")
	}
	client.away.Store(true)
	if err := keys.Refresh(t.Context()); err == nil {
		t.Error("a refresh while customers is away succeeded")
	}
	if _, ok := keys.Cached("two"); !ok {
		t.Error("the keys are forgotten while customers is away")
	}
}
