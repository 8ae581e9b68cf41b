package pgfeed_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"souk/platform/pgfeed"
	"souk/testkit/pgtest"
)

// pager reads a feed page by page and stores its position as text.
type pager struct {
	feed     *pgfeed.Feed
	position string
	told     map[string]int
}

func newPager(t *testing.T, feed *pgfeed.Feed) *pager {
	t.Helper()
	p := &pager{feed: feed, told: map[string]int{}}
	if news := p.mustRead(t, 0); !news.Reset || len(news.Changes) > 0 {
		t.Fatalf("without a position: %+v", news)
	}
	return p
}

func (p *pager) mustRead(t *testing.T, wait time.Duration) pgfeed.News {
	t.Helper()
	news, err := p.feed.Page(t.Context(), p.position, wait)
	if err != nil {
		t.Fatal(err)
	}
	p.position = news.Position
	for _, change := range news.Changes {
		p.told[change.ID]++
	}
	return news
}

// mustRest reads until a page is empty. Other tests' transactions may hold back the position for a while.
func (p *pager) mustRest(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); len(p.mustRead(t, 0).Changes) > 0; {
		if time.Now().After(deadline) {
			t.Fatalf("the same changes come again and again: %v", p.told)
		}
	}
}

func TestPagesContainAllChanges(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	p := newPager(t, pgfeed.New(pool, "things", "name"))
	exec(t, pool, `INSERT INTO things SELECT 'together ' || i, i FROM generate_series(1, 150) i`)
	for i := range 250 {
		exec(t, pool, write, fmt.Sprint("alone ", i), 1)
	}
	var sizes []int
	for more := true; more; {
		news := p.mustRead(t, 0)
		sizes, more = append(sizes, len(news.Changes)), news.More
	}
	// All changes of a transaction are on one page, however many they are.
	if len(p.told) != 400 || fmt.Sprint(sizes) != "[150 100 100 50]" {
		t.Errorf("%d things on pages of %v", len(p.told), sizes)
	}
	p.mustRest(t)
	rest := p.position
	// Other transactions run, but nothing changes in the table.
	exec(t, pool, `CREATE TABLE others ()`)
	if news := p.mustRead(t, 0); news.Position != rest || len(news.Changes) > 0 {
		t.Errorf("at rest: %+v, want position %s", news, rest)
	}
	exec(t, pool, write, "alone 7", 2)
	if news := p.mustRead(t, time.Second); len(news.Changes) != 1 || news.Changes[0].ID != "alone 7" {
		t.Errorf("after one more: %+v", news)
	}
}

// A transaction starts before a walk and commits after the walk has passed it. The next walk must contain it.
func TestAChangeThatCommitsDuringAWalkIsOnTheNextWalk(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	p := newPager(t, pgfeed.New(pool, "things", "name"))
	late, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = late.Rollback(t.Context()) }()
	if _, err := late.Exec(t.Context(), write, "late", 1); err != nil {
		t.Fatal(err)
	}
	for i := range 150 {
		exec(t, pool, write, fmt.Sprint("early ", i), 1)
	}
	if news := p.mustRead(t, 0); !news.More || len(news.Changes) != 100 {
		t.Fatalf("first page: %d changes, more %t", len(news.Changes), news.More)
	}
	if err := late.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if news := p.mustRead(t, 0); news.More || len(news.Changes) != 50 || p.told["late"] != 0 {
		t.Fatalf("second page: %+v", news)
	}
	p.mustRest(t)
	if p.told["late"] == 0 || len(p.told) != 151 {
		t.Errorf("%d things are on the pages, the late one %d times", len(p.told), p.told["late"])
	}
}

func TestAnUnknownPositionIsReplacedByANewOne(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, migrations)
	exec(t, pool, write, "old", 1)
	p := newPager(t, pgfeed.New(pool, "things", "name"))
	known := p.position
	server, from, _ := strings.Cut(known, ".")
	for _, position := range []string{"", "7", "x." + from, server + ".", server + "." + from + ".", known + ".1.1", "1." + from, "-" + known} {
		p.position = position
		if news := p.mustRead(t, 0); !news.Reset || len(news.Changes) > 0 {
			t.Errorf("%q: %+v, want a new position", position, news)
		}
	}
	exec(t, pool, write, "new", 1)
	if news := p.mustRead(t, time.Second); news.Reset || p.told["new"] != 1 {
		t.Errorf("afterwards: %+v", news)
	}
}
