package rpc_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"souk/platform/breaker"
	"souk/platform/rpc"
)

const keyHeader = "idempotency-key-bin"

// keysSeen returns a handler that records the key of each call, "" for none, and then runs work.
func keysSeen(work func(context.Context) error) (seen func() []string, handle func(context.Context) error) {
	var mu sync.Mutex
	var keys []string
	return func() []string {
			mu.Lock()
			defer mu.Unlock()
			was := keys
			keys = nil
			return was
		}, func(ctx context.Context) error {
			mu.Lock()
			defer mu.Unlock()
			keys = append(keys, append(metadata.ValueFromIncomingContext(ctx, keyHeader), "")[0])
			return work(ctx)
		}
}

func TestAKeyIsSentToTheRPCsThatHonorOne(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen, work := keysSeen(well)
		conn := dialThings(t, breaker.NewSet(discard), startThings(t, work))
		const key = "Schlüssel №1"
		for method, want := range map[string]string{read: "", put: "", create: "", honor: key, need: key} {
			if err := invoke(rpc.WithKey(t.Context(), key), conn, method); err != nil {
				t.Fatal(err)
			}
			if got := seen(); !slices.Equal(got, []string{want}) {
				t.Errorf("%s came with %q, want %q", method, got, want)
			}
		}
		if err := invoke(t.Context(), conn, honor); err != nil || !slices.Equal(seen(), []string{""}) {
			t.Errorf("a key for a request that has none: %v", err)
		}
	})
}

func TestAllAttemptsAtACallHaveTheSameKey(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		seen, work := keysSeen(fails(codes.Unavailable))
		conn := dialThings(t, breaker.NewSet(discard), startThings(t, work))
		var before string
		for range 2 {
			if err := invoke(t.Context(), conn, need); status.Code(err) != codes.Unavailable {
				t.Fatal(err)
			}
			got := seen()
			if len(got) != 4 || got[0] == "" || got[0] == before || len(slices.Compact(slices.Clone(got))) != 1 {
				t.Errorf("attempts came with %q after %q, want four times a new one", got, before)
			}
			before = got[0]
		}
	})
}

func TestReplaysAreReported(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		conn := dialThings(t, breaker.NewSet(discard), startThings(t, func(ctx context.Context) error {
			return grpc.SetHeader(ctx, metadata.Pairs("idempotent-replay", "true"))
		}))
		ctx := rpc.WithKey(t.Context(), "k")
		if err := invoke(ctx, conn, read); err != nil || rpc.Replayed(ctx) {
			t.Errorf("replayed by an RPC that takes no key, %v", err)
		}
		if err := invoke(ctx, conn, honor); err != nil || !rpc.Replayed(ctx) {
			t.Errorf("not told of a replay, %v", err)
		}
	})
}
