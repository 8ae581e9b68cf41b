package growth

import (
	"testing"
)

func TestACopyHasAllColumnsAndOthersWhereItDiffers(t *testing.T) {
	t.Parallel()
	lines := table{name: "lines", on: "t.order_id = c.source", set: map[string]string{"order_id": "c.id"}, inOrder: "position"}
	got, err := lines.statement([]string{"order_id", "position", "sku"})
	want := "INSERT INTO lines (order_id, position, sku) SELECT c.id, t.position, t.sku FROM copies c JOIN lines t ON t.order_id = c.source " +
		"ORDER BY c.n DESC, t.position"
	if got != want || err != nil {
		t.Errorf("got %q, %v; want %q", got, err, want)
	}
	if _, err := lines.statement([]string{"sku"}); err == nil {
		t.Error("a column that the table has not is set")
	}
}

func TestChunksCoverEachNumberOnce(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ total, size int }{{0, 5}, {1, 5}, {5, 5}, {12, 5}, {10, 5}} {
		seen := map[int]int{}
		err := chunks(c.total, c.size, func(from, to int) error {
			if to-from >= c.size {
				t.Errorf("from %d to %d are more than %d", from, to, c.size)
			}
			for i := from; i <= to; i++ {
				seen[i]++
			}
			return nil
		})
		if err != nil || len(seen) != c.total {
			t.Errorf("%v: %d numbers, %v", c, len(seen), err)
		}
		for i := 1; i <= c.total; i++ {
			if seen[i] != 1 {
				t.Errorf("%v: %d was seen %d times", c, i, seen[i])
			}
		}
	}
}

func TestEachEditionOfAProductHasASlugOfItsOwn(t *testing.T) {
	t.Parallel()
	slugs := map[string]bool{}
	all := Editions(100)
	for _, e := range all {
		slugs[e.Slug("amber-brass-bowl")] = true
	}
	if len(slugs) != 100 || all[0].Slug("amber-brass-bowl") != "amber-brass-bowl" || all[13].Slug("amber-brass-bowl") != "amber-brass-wallbowl-3" {
		t.Errorf("%d slugs, such as %s and %s", len(slugs), all[0].Slug("amber-brass-bowl"), all[13].Slug("amber-brass-bowl"))
	}
}
