package fleet

import (
	"math"
	"net/http"
	"testing"

	"souk/testkit/scrape"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

const (
	// So many searches are made.
	spreadOver = 300
	// The share of an instance may differ by this from what it is when all have the same.
	unevenness = 0.05
)

// TestWorkIsSpreadEvenly counts what each of three instances serves.
func TestWorkIsSpreadEvenly(t *testing.T) {
	all := instances(t, "catalog")
	before := served(t, all)
	search(t, spreadOver)
	total, counts := int64(0), served(t, all)
	for i := range counts {
		counts[i] -= before[i]
		total += counts[i]
	}
	if len(all) != len(live.Instances("catalog")) || total < spreadOver/2 {
		t.Fatalf("%d instances served %d calls", len(all), total)
	}
	even := 1 / float64(len(all))
	for i, n := range counts {
		if share := float64(n) / float64(total); math.Abs(share-even) > unevenness*even {
			t.Errorf("%s served %.1f %% of the calls, want %.1f %% within %.0f %% of that", all[i].id, 100*share, 100*even, 100*unevenness)
		}
	}
	t.Logf("measured: %d calls to catalog, by instance: %v", total, counts)
}

// search searches for something else each time, so that no gateway has kept the answer.
func search(t *testing.T, times int) {
	t.Helper()
	var group errgroup.Group
	group.SetLimit(4)
	for range times {
		group.Go(func() error {
			return anyone.Do(t.Context(), http.MethodGet, "/v1/products?q="+uuid.NewString(), nil, nil)
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
}

// served returns how many calls each instance has served.
func served(t *testing.T, all []instance) []int64 {
	t.Helper()
	var calls []int64
	for _, i := range all {
		metrics, err := scrape.Read(t.Context(), i.admin)
		if err != nil {
			t.Fatal(err)
		}
		calls = append(calls, int64(metrics.Sum("souk_rpc_server_handled_total")))
	}
	return calls
}
