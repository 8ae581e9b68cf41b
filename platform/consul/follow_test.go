package consul

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/consul/api"
)

// followed runs follow with an agent that gives the answers in turn. It returns the index and the time of each query.
func followed(t *testing.T, answers ...func(context.Context) (uint64, error)) (indexes []uint64, at []time.Duration) {
	t.Helper()
	start := time.Now()
	ctx, cancel := context.WithCancel(t.Context())
	follow(ctx, slog.New(slog.DiscardHandler), func(opts *api.QueryOptions) (*api.QueryMeta, error) {
		indexes, at = append(indexes, opts.WaitIndex), append(at, time.Since(start))
		if len(indexes) > len(answers) {
			cancel()
			return nil, ctx.Err()
		}
		index, err := answers[len(indexes)-1](opts.Context())
		return &api.QueryMeta{LastIndex: index}, err
	}, func(error) {})
	return indexes, at
}

func answer(index uint64) func(context.Context) (uint64, error) {
	return func(context.Context) (uint64, error) { return index, nil }
}

func TestAQueryToAHangingAgentIsRepeated(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) (uint64, error) { <-ctx.Done(); return 0, ctx.Err() }
		_, at := followed(t, answer(7), hang, hang)
		for i, most := range []time.Duration{0, 0, 36 * time.Second, 72 * time.Second} {
			if at[i] > most {
				t.Errorf("query %d is made after %v, want %v at most", i+1, at[i], most)
			}
		}
	})
}

func TestQueriesStartFromIndexZeroAfterAnError(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		away := func(context.Context) (uint64, error) { return 0, errors.New("away") }
		indexes, at := followed(t, answer(7), answer(900), away, answer(3), answer(2), answer(5))
		want := []uint64{0, 7, 900, 0, 3, 0, 5}
		for i := range want {
			if indexes[i] != want[i] {
				t.Fatalf("asked with indexes %v, want %v", indexes, want)
			}
		}
		if at[3] == at[2] || at[3] > retryFirst {
			t.Errorf("asked again %v after an error", at[3]-at[2])
		}
	})
}
