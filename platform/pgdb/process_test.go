package pgdb_test

import (
	"context"
	"log/slog"
	"testing"

	"souk/platform/pgdb"
	"souk/platform/secret"
)

// process records the calls of its methods.
type process struct {
	closers []func()
	checks  map[string]func(context.Context) error
}

func (p *process) Logger() *slog.Logger { return quiet }

func (p *process) OnStop(closer func()) { p.closers = append(p.closers, closer) }

func (p *process) Require(name string, run func(context.Context) error) { p.checks[name] = run }

// stop runs the closers, the last one registered first.
func (p *process) stop() {
	for i := len(p.closers) - 1; i >= 0; i-- {
		p.closers[i]()
	}
}

func TestOpenForChecksAndClosesTheDatabase(t *testing.T) {
	t.Parallel()
	p := &process{checks: map[string]func(context.Context) error{}}
	pool, err := pgdb.OpenFor(t.Context(), p, pgdb.Config{URL: secret.URL(empty(t).Config().ConnString()), MaxConns: 1}, migrations)
	if err != nil {
		t.Fatal(err)
	}
	healthy := p.checks["postgres"]
	if healthy == nil {
		p.stop()
		t.Fatal("the health of the process does not depend on its database")
	}
	if err := check(t, healthy); err != nil {
		t.Errorf("healthy: %v", err)
	}
	p.stop()
	if check(t, pool.Ping) == nil {
		t.Error("the pool is still open")
	}
}

func TestOpenForRegistersNothingIfTheDatabaseCannotBeOpened(t *testing.T) {
	t.Parallel()
	p := &process{checks: map[string]func(context.Context) error{}}
	if _, err := pgdb.OpenFor(t.Context(), p, pgdb.Config{URL: "orders"}, migrations); err == nil {
		t.Error("no error")
	}
	if len(p.closers)+len(p.checks) != 0 {
		t.Errorf("%d closers and %d checks, want none", len(p.closers), len(p.checks))
	}
}
