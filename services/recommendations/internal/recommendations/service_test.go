package recommendations_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/testkit/pgtest"

	"souk/services/recommendations/internal/postgres"
	"souk/services/recommendations/internal/recommendations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// orders is a feed that tells sales in their order, 100 at a time.
type orders struct {
	mu   sync.Mutex
	sold []recommendations.Basket
	away bool
}

func (o *orders) Since(_ context.Context, position string, _ time.Duration) (recommendations.News, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.away {
		return recommendations.News{}, errors.New("orders is away")
	}
	from, _ := strconv.Atoi(position)
	to := min(from+100, len(o.sold))
	return recommendations.News{Baskets: o.sold[from:to], Position: strconv.Itoa(to), More: to < len(o.sold)}, nil
}

func (o *orders) sell(order string, products ...string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sold = append(o.sold, recommendations.Basket{OrderID: order, Products: products})
}

// process is a process of the service.
type process struct {
	*recommendations.Service
}

func start(pool *pgxpool.Pool, sales recommendations.Sales) process {
	return process{recommendations.New(postgres.New(pool), sales, recommendations.MostBaskets)}
}

// mustRound does what a process does each second.
func (p process) mustRound(t testing.TB) {
	t.Helper()
	if err := errors.Join(p.Follow(t.Context()), p.Learn(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func (p process) mustRecommend(t *testing.T, when, product string, want ...string) {
	t.Helper()
	if got, err := p.Recommend([]string{product}, 10); err != nil || !slices.Equal(got, want) {
		t.Errorf("%s: with %s it recommends %v, %v; want %v", when, product, got, err, want)
	}
}

func TestAnOrderCountsAfterARound(t *testing.T) {
	t.Parallel()
	sales := &orders{}
	p := start(pgtest.New(t, postgres.Migrations), sales)
	if p.Ready(t.Context()) == nil {
		t.Error("it is ready before it has learned")
	}
	p.mustRecommend(t, "before the first round", "tea")
	p.mustRound(t)
	if err := p.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	first, second := uuid.NewString(), uuid.NewString()
	sales.sell(first, "tea", "cup")
	p.mustRound(t)
	p.mustRecommend(t, "after an order", "tea", "cup")
	sales.sell(second, "tea", "pot")
	sales.sell(first) // cancelled
	p.mustRound(t)
	p.mustRecommend(t, "after a cancellation", "tea", "pot")
}

func TestProcessesThatStartLaterOrFollowAtTheSameTimeAgree(t *testing.T) {
	t.Parallel()
	pool, sales := pgtest.New(t, postgres.Migrations), &orders{}
	first, second := start(pool, sales), start(pool, sales)
	first.mustRound(t)
	second.mustRound(t)
	for range 250 {
		sales.sell(uuid.NewString(), "tea", "cup")
	}
	var following sync.WaitGroup
	for _, p := range []process{first, second} {
		following.Go(func() { p.mustRound(t) })
	}
	following.Wait()
	for range 2 {
		first.mustRound(t)
		second.mustRound(t)
	}
	third := start(pool, &orders{away: true})
	if err := third.Follow(t.Context()); err == nil {
		t.Error("it follows a feed that is away")
	}
	if err := third.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]process{"first": first, "second": second, "started later without orders": third} {
		p.mustRecommend(t, name, "tea", "cup")
	}
	var stored int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM baskets`).Scan(&stored); err != nil || stored != 250 {
		t.Errorf("%d baskets are stored, %v; want 250", stored, err)
	}
}

func TestDuringARebuildTheOldModelAnswers(t *testing.T) {
	t.Parallel()
	pool, sales := pgtest.New(t, postgres.Migrations), &orders{}
	for i := range 150 {
		sales.sell(uuid.NewString(), fmt.Sprint("article ", i), "cup")
	}
	p := start(pool, sales)
	p.mustRound(t)
	if err := p.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	sales.sold[149] = recommendations.Basket{OrderID: uuid.NewString(), Products: []string{"article 149", "pot"}}
	if err := p.Learn(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.mustRecommend(t, "before the sales are read again", "article 149", "cup")
	p.mustRound(t)
	p.mustRecommend(t, "afterwards", "article 149", "pot")
	p.mustRecommend(t, "afterwards", "article 0", "cup")
}

// ordersWalked is a feed that tells the sales of before, and then only later that there are no more.
type ordersWalked struct{ orders }

func (o *ordersWalked) Since(ctx context.Context, position string, wait time.Duration) (recommendations.News, error) {
	news, err := o.orders.Since(ctx, position, wait)
	news.More = len(news.Baskets) > 0
	return news, err
}

func TestARebuildEndsAlthoughNothingIsSoldAfterIt(t *testing.T) {
	t.Parallel()
	pool, sales := pgtest.New(t, postgres.Migrations), &ordersWalked{}
	p := start(pool, sales)
	sales.sell(uuid.NewString(), "tea", "cup")
	p.mustRound(t)
	if err := p.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
	sales.sell(uuid.NewString(), "coffee", "pot")
	p.mustRound(t)
	p.mustRecommend(t, "after the rebuild", "coffee", "pot")
}

func TestAProcessKnowsTheNewestBaskets(t *testing.T) {
	t.Parallel()
	pool, sales := pgtest.New(t, postgres.Migrations), &orders{}
	p := process{recommendations.New(postgres.New(pool), sales, 100)}
	for i := range 200 {
		sales.sell(uuid.NewString(), fmt.Sprint("article ", i), "cup")
		if i%50 == 0 {
			p.mustRound(t)
		}
	}
	p.mustRound(t)
	p.mustRound(t)
	p.mustRecommend(t, "the newest", "article 199", "cup")
	p.mustRecommend(t, "the oldest", "article 0")
}

func TestAQuestionMustNotBeTooLong(t *testing.T) {
	t.Parallel()
	p := start(nil, nil)
	for name, call := range map[string]func() error{
		"product_ids": func() error { _, err := p.Recommend(make([]string, 2001), 1); return err },
		"limit":       func() error { _, err := p.Recommend(nil, 0); return err },
	} {
		var invalid *field.Error
		if err := call(); !errors.As(err, &invalid) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestARebuild measures how long it takes to read all sales again: of 50,000 lines, or SOUK_LINES.
func TestARebuild(t *testing.T) {
	lines, products := 50_000, 4000
	if text := os.Getenv("SOUK_LINES"); text != "" {
		var err error
		if lines, err = strconv.Atoi(text); err != nil {
			t.Fatalf("SOUK_LINES: %v", err)
		}
	}
	const size = 25
	sales := &orders{}
	for order := range lines / size {
		var basket []string
		for i := range size {
			basket = append(basket, fmt.Sprintf("01992f37-5c6d-7e8f-9012-%012d", (order*7919+i*i*104729)%products))
		}
		sales.sell(uuid.NewString(), basket...)
	}
	pool := pgtest.New(t, postgres.Migrations)
	p := start(pool, sales)
	begun := time.Now()
	p.mustRound(t)
	took := time.Since(begun)
	var stored int
	if err := pool.QueryRow(t.Context(), `SELECT count(*) FROM baskets`).Scan(&stored); err != nil || stored != lines/size {
		t.Errorf("%d baskets are stored, %v; want %d", stored, err, lines/size)
	}
	t.Logf("measured: %d lines of %d orders in %.1f s", lines, lines/size, took.Seconds())
	if took > time.Minute {
		t.Errorf("a rebuild took %v", took)
	}
}
