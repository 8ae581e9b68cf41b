package resilience

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"souk/e2e/poll"
)

// seed is SOUK_SEED, or the day.
func seed(t *testing.T) int {
	t.Helper()
	text := os.Getenv("SOUK_SEED")
	if text == "" {
		return time.Now().YearDay()
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		t.Fatalf("SOUK_SEED: %q is no seed", text)
	}
	return n
}

// drawn returns the rows to run: all of them in the full form, or else one of each dependency's. Three seeds that follow
// each other draw them all.
func drawn(rows []row, seed int) []row {
	if full() {
		return rows
	}
	var some []row
	for i := range dependencies {
		some = append(some, rows[i*len(faults)+(seed+i)%len(faults)])
	}
	return some
}

// rowsToRun are those of SOUK_ROW, such as catalog/down, or else those that are drawn.
func rowsToRun(t *testing.T, table []row) []row {
	t.Helper()
	name := os.Getenv("SOUK_ROW")
	if name == "" {
		return drawn(table, seed(t))
	}
	var rows []row
	for _, r := range table {
		if strings.HasPrefix(r.String(), name) {
			rows = append(rows, r)
		}
	}
	if len(rows) == 0 {
		t.Fatalf("SOUK_ROW: there is no row %q", name)
	}
	return rows
}

// TestTable checks the table of docs/resilience.md: SOUK_CHAOS=full all of it, otherwise a third, which SOUK_SEED draws.
func TestTable(t *testing.T) {
	table, _ := readTable(t)
	p := openShop(t)
	c, err := newClients(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{proxiedShop: p, clients: c, turn: seed(t)}
	rows := rowsToRun(t, table)
	for _, dependency := range dependencies {
		// A test's name is where its cell is in the table: catalog/down/browse.
		t.Run(dependency, func(t *testing.T) {
			for _, r := range rows {
				if r.dependency == dependency && !s.lost {
					t.Run(r.fault, func(t *testing.T) { s.run(t, r) })
				}
			}
		})
	}
	if s.lost {
		t.Fatal("the shop did not come back")
	}
	if err := poll.Until(t.Context(), healsWithin, p.books); err != nil {
		t.Errorf("the books: %v", err)
	}
	t.Logf("measured: %d of %d cells; slowest answer %.1f s (%s), slowest to be well again %.1f s (%s)", s.ran, len(table)*len(journeys),
		s.slowest.took.Seconds(), s.slowest.cell, s.healing.took.Seconds(), s.healing.cell)
}

// suite runs rows of the table.
type suite struct {
	*proxiedShop
	*clients
	turn             int // by which the ways to be wrong take turns
	ran              int
	slowest, healing record
	lost             bool // the shop has not come back
}

// record is the longest that something took, and where.
type record struct {
	took time.Duration
	cell string
}

func (r *record) note(took time.Duration, cell string) {
	if took > r.took {
		r.took, r.cell = took, cell
	}
}

// run runs a row: a service that is wrong is so in one way, and in the full form in every way, one after the other.
func (s *suite) run(t *testing.T, r row) {
	s.turn++
	ways := []int{s.turn}
	if _, ok := s.dependencies[r.dependency].(*service); ok && r.fault == wrong && full() {
		ways = []int{0, 1}
	}
	var outcomes [][]*outcome
	for _, way := range ways {
		ran, err := s.runWith(t.Context(), r, way)
		if err != nil {
			s.lost = true
			t.Fatal(err)
		}
		outcomes = append(outcomes, ran...)
	}
	for i, j := range journeys {
		t.Run(j.name, func(t *testing.T) {
			s.ran++
			for _, ran := range outcomes {
				s.check(t, j.name, ran[i], r.cells[j.name])
			}
		})
	}
}

// copyLasts is a little more than the gateway shows its copy for after a fault began. A question of the feed that was on its way then is
// still answered, after 0.7 s at the latest, and an answer is good for 0.8 s (gateway/internal/feed).
const copyLasts = 1600 * time.Millisecond

// runWith makes every journey at once as soon as the fault is injected, and what can be made again once more when the
// shop has noticed. Then it waits until all is well, and for what was promised.
func (s *suite) runWith(ctx context.Context, r row, way int) ([][]*outcome, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, fmt.Errorf("prepare: %w", err)
	}
	d := s.dependencies[r.dependency]
	if err := d.inject(r.fault, way); err != nil {
		return nil, err
	}
	injected := time.Now()
	first := each(func(i int) *outcome { return journeys[i].run(ctx, s.clients, false).early(journeys[i]) })
	time.Sleep(time.Until(injected.Add(copyLasts)))
	err := poll.Until(ctx, healsWithin, func(ctx context.Context) error { return s.noticed(ctx, d.unhealthy(r.fault)) })
	second := each(func(i int) *outcome { return journeys[i].run(ctx, s.clients, true) })
	if err := errors.Join(err, d.repair(ctx)); err != nil {
		return nil, err
	}
	repaired := time.Now()
	if err := poll.Until(ctx, healsWithin, s.well); err != nil {
		return nil, fmt.Errorf("repaired: %w", err)
	}
	s.healing.note(time.Since(repaired), r.String())
	each(func(i int) *outcome {
		first[i].settle(ctx, s.clients, journeys[i], r.cells[journeys[i].name])
		return nil
	})
	return [][]*outcome{first, second}, nil
}

// each does something for every journey, all at once.
func each(do func(i int) *outcome) []*outcome {
	outcomes := make([]*outcome, len(journeys))
	var doing sync.WaitGroup
	for i := range journeys {
		doing.Go(func() { outcomes[i] = do(i) })
	}
	doing.Wait()
	return outcomes
}

// check compares what came of a journey with its cell.
func (s *suite) check(t *testing.T, journey string, o *outcome, cell string) {
	t.Helper()
	if len(o.requests) == 0 {
		return
	}
	s.slowest.note(o.took, t.Name())
	if o.err != nil {
		t.Error(o.err)
	}
	if !o.matches(cell) {
		t.Errorf("it is %q, the table says %q", o.cell, cell)
	}
	if limit := limitOf(journey, cell); o.took > limit {
		t.Errorf("%q took %v, want no more than %v", o.cell, o.took, limit)
	}
}
