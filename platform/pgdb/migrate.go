package pgdb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"souk/platform/outage"
)

// MigrationsIn returns the folder "migrations" of files, which a store embeds with "//go:embed migrations/*.sql".
func MigrationsIn(files fs.FS) fs.FS {
	migrations, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // never, because the name of the folder is a valid path
	}
	return migrations
}

// A replica looks for its turn to migrate every second. It only looks, because a session that waits for a lock has a
// snapshot, which an index that is built concurrently would wait for.
const turnEvery = 1 // seconds

// Migrate brings the schema up to date with the goose files at the root of migrations, while other replicas sell. Replicas
// that start together take turns. It has a connection of its own, with other limits than the pool's: a statement may take
// any time, but waits for a lock for 200 ms only. A migration that does not get its locks in that time is undone and tried
// again, later each time, until ctx is done.
//
// A file that begins with "-- +goose NO TRANSACTION" is for statements such as CREATE INDEX CONCURRENTLY and VALIDATE
// CONSTRAINT, which block nobody. Interrupted half-way it is run again from its start, so each of its statements has to be
// one that may be repeated (IF NOT EXISTS). An index that was left INVALID by such an interruption is dropped before that.
func Migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) error {
	return migrate(ctx, pool, migrations, slog.New(slog.DiscardHandler))
}

func migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS, logger *slog.Logger) error {
	db := stdlib.OpenDB(*forMigrations(pool).ConnConfig)
	defer func() { _ = db.Close() }()
	// The one connection has the lock and does the work: who loses the lock has stopped working.
	db.SetMaxOpenConns(1)
	m := migrator{db: db, files: migrations, logger: logger}
	if err := outage.Outlast(ctx, logger, "locks of a migration", lostLock, m.up); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// forMigrations returns the settings of a pool like this one, with the limits of migrations.
func forMigrations(pool *pgxpool.Pool) *pgxpool.Config {
	config := pool.Config()
	params := config.ConnConfig.RuntimeParams
	params["lock_timeout"] = milliseconds(migrationLockWait)
	params["statement_timeout"] = "0"
	return config
}

// OpenForMigrations opens a pool with Migrate's limits on the database of pool, for migrations that are not files of goose. The
// caller closes it.
func OpenForMigrations(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, forMigrations(pool))
}

// lostLock reports whether err is lock_not_available or deadlock_detected.
func lostLock(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "55P03" || pgErr.Code == "40P01")
}

// migrator runs goose's files one by one.
type migrator struct {
	db     *sql.DB
	files  fs.FS
	logger *slog.Logger
}

func (m migrator) up(ctx context.Context) error {
	for {
		next, err := m.next(ctx)
		if err != nil || next == nil {
			return err
		}
		start := time.Now()
		err = m.apply(ctx, next)
		if errors.Is(err, goose.ErrAlreadyApplied) { // by another replica, meanwhile
			continue
		}
		if err != nil {
			return err
		}
		m.logger.InfoContext(ctx, "migrated", "file", next.Path, "took", time.Since(start))
	}
}

// next returns the first migration that the database has yet to get, or nil.
func (m migrator) next(ctx context.Context) (*goose.Source, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, m.db, m.files)
	if err != nil {
		return nil, err
	}
	// It also refuses a migration that comes too late: one whose number is below that of one which was applied.
	pending, err := provider.HasPending(ctx)
	if err != nil || !pending {
		return nil, err
	}
	current, _, err := provider.GetVersions(ctx)
	if err != nil {
		return nil, err
	}
	for _, source := range provider.ListSources() {
		if source.Version > current {
			return source, nil
		}
	}
	return nil, nil
}

// apply runs one migration when it is this replica's turn.
func (m migrator) apply(ctx context.Context, source *goose.Source) error {
	text, err := fs.ReadFile(m.files, source.Path)
	if err != nil {
		return err
	}
	turns, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(turnEvery, math.MaxInt32))
	if err != nil {
		return err
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, m.db, m.files, goose.WithSessionLocker(turn{turns, string(text)}))
	if err != nil {
		return err
	}
	_, err = provider.ApplyVersion(ctx, source.Version, true)
	return err
}

// turn is a replica's turn to run the migration with that text.
type turn struct {
	lock.SessionLocker
	text string
}

// SessionLock implements lock.SessionLocker. It prepares the connection once the turn is this replica's.
func (t turn) SessionLock(ctx context.Context, conn *sql.Conn) error {
	if err := t.SessionLocker.SessionLock(ctx, conn); err != nil {
		return err
	}
	if err := t.prepare(ctx, conn); err != nil {
		return errors.Join(err, t.SessionUnlock(context.WithoutCancel(ctx), conn))
	}
	return nil
}

var noTransaction = regexp.MustCompile(`(?m)^-- \+goose NO TRANSACTION`)

func (t turn) prepare(ctx context.Context, conn *sql.Conn) error {
	wait := migrationLockWait
	if noTransaction.MatchString(t.text) {
		wait = onlineLockWait
	}
	if _, err := conn.ExecContext(ctx, `SELECT set_config('lock_timeout', $1, false)`, milliseconds(wait)); err != nil {
		return err
	}
	return t.dropInvalid(ctx, conn)
}

var concurrentIndex = regexp.MustCompile(`(?i)CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?:IF\s+NOT\s+EXISTS\s+)?([\w.]+)`)

// dropInvalid drops the indexes that an earlier run of this migration began and did not complete.
func (t turn) dropInvalid(ctx context.Context, conn *sql.Conn) error {
	for _, match := range concurrentIndex.FindAllStringSubmatch(t.text, -1) {
		name := strings.ToLower(match[1])
		var invalid bool
		err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass($1) AND NOT indisvalid)`, name).
			Scan(&invalid)
		if err != nil {
			return err
		}
		if !invalid {
			continue
		}
		if _, err := conn.ExecContext(ctx, `DROP INDEX CONCURRENTLY IF EXISTS `+name); err != nil {
			return err
		}
	}
	return nil
}
