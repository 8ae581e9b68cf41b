package postgres_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/google/uuid"

	"souk/testkit/pgtest"

	"souk/services/recommendations/internal/postgres"
	"souk/services/recommendations/internal/recommendations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func news(position string, baskets ...recommendations.Basket) recommendations.News {
	return recommendations.News{Baskets: baskets, Position: position}
}

// mustAll returns the baskets after those learned.
func mustAll(t *testing.T, store *postgres.Store, learned recommendations.Learned) recommendations.Page {
	t.Helper()
	page, err := store.Next(t.Context(), learned, 100)
	if err != nil {
		t.Fatal(err)
	}
	return page
}

func mustAdd(t *testing.T, store *postgres.Store, from string, added recommendations.News) {
	t.Helper()
	if err := store.Add(t.Context(), from, added); err != nil {
		t.Fatal(err)
	}
}

func TestBasketsAreReadInTheOrderInWhichTheyChanged(t *testing.T) {
	t.Parallel()
	store := postgres.New(pgtest.New(t, postgres.Migrations))
	first := recommendations.Basket{OrderID: uuid.NewString(), Products: []string{"tea", "cup"}}
	second := recommendations.Basket{OrderID: uuid.NewString(), Products: []string{"lamp"}}
	mustAdd(t, store, "", news("1", first, second))
	page := mustAll(t, store, recommendations.Learned{})
	if len(page.Baskets) != 2 || !slices.Equal(page.Baskets[0].Products, first.Products) || !page.Complete {
		t.Fatalf("at first: %+v", page)
	}
	mustAdd(t, store, "1", news("2", first, second)) // told again
	if again := mustAll(t, store, page.Learned); len(again.Baskets) > 0 || again.Learned != page.Learned {
		t.Errorf("told again: %+v, want nothing after %+v", again, page.Learned)
	}
	mustAdd(t, store, "2", news("3", recommendations.Basket{OrderID: first.OrderID})) // cancelled
	if cancelled := mustAll(t, store, page.Learned); len(cancelled.Baskets) != 1 || cancelled.Baskets[0].OrderID != first.OrderID || len(cancelled.Baskets[0].Products) > 0 {
		t.Errorf("cancelled: %+v", cancelled)
	}
	if followed, err := store.Followed(t.Context()); followed.Position != "3" || err != nil {
		t.Errorf("position %q, %v", followed.Position, err)
	}
}

func TestOfSeveralProcessesOneStoresAPage(t *testing.T) {
	t.Parallel()
	store := postgres.New(pgtest.New(t, postgres.Migrations))
	var stored, conflicts int
	var mu sync.Mutex
	var adding sync.WaitGroup
	for i := range 8 {
		adding.Go(func() {
			err := store.Add(t.Context(), "", news("1", recommendations.Basket{OrderID: uuid.NewString(), Products: []string{fmt.Sprint(i)}}))
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				stored++
			case errors.Is(err, recommendations.ErrConflict):
				conflicts++
			default:
				t.Error(err)
			}
		})
	}
	adding.Wait()
	if page := mustAll(t, store, recommendations.Learned{}); stored != 1 || conflicts != 7 || len(page.Baskets) != 1 {
		t.Errorf("%d stored, %d conflicts, %+v", stored, conflicts, page)
	}
}

func TestAPageIsCompleteWhenNoMoreSalesAreKnown(t *testing.T) {
	t.Parallel()
	store := postgres.New(pgtest.New(t, postgres.Migrations))
	if page := mustAll(t, store, recommendations.Learned{}); page.Complete || len(page.Baskets) > 0 {
		t.Errorf("at first: %+v", page)
	}
	mustAdd(t, store, "", recommendations.News{Position: "1", More: true})
	if mustAll(t, store, recommendations.Learned{}).Complete {
		t.Error("complete, and there is more")
	}
	mustAdd(t, store, "1", news("2"))
	if !mustAll(t, store, recommendations.Learned{}).Complete {
		t.Error("not complete, and there is no more")
	}
}

func TestTheNewestBasketsAreFound(t *testing.T) {
	t.Parallel()
	store := postgres.New(pgtest.New(t, postgres.Migrations))
	var all []recommendations.Basket
	for i := range 10 {
		all = append(all, recommendations.Basket{OrderID: uuid.NewString(), Products: []string{fmt.Sprint(i)}})
	}
	mustAdd(t, store, "", news("1", all...))
	for most, want := range map[int]int{3: 3, 10: 10, 100: 10} {
		start, err := store.Before(t.Context(), most)
		if err != nil {
			t.Fatal(err)
		}
		if page := mustAll(t, store, start); len(page.Baskets) != want || page.Baskets[want-1].Products[0] != "9" {
			t.Errorf("the newest %d: %+v", most, page)
		}
	}
}

func TestEverythingIsForgotten(t *testing.T) {
	t.Parallel()
	store := postgres.New(pgtest.New(t, postgres.Migrations))
	basket := recommendations.Basket{OrderID: uuid.NewString(), Products: []string{"tea"}}
	mustAdd(t, store, "", news("1", basket))
	before := mustAll(t, store, recommendations.Learned{})
	if err := store.Forget(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := store.Add(t.Context(), "1", news("2", basket)); !errors.Is(err, recommendations.ErrConflict) {
		t.Errorf("a page from before: %v, want a conflict", err)
	}
	after := mustAll(t, store, before.Learned)
	if len(after.Baskets) > 0 || after.Complete || after.Learned.Rebuild != before.Learned.Rebuild+1 {
		t.Errorf("afterwards: %+v", after)
	}
	mustAdd(t, store, "", news("1", basket))
	if again := mustAll(t, store, before.Learned); len(again.Baskets) != 1 {
		t.Errorf("read again: %+v, want the basket after those learned before", again)
	}
}
