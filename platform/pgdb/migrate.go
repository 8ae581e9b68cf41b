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

// A replica checks every second whether it is its turn to migrate. It does not wait for the lock, because a waiting session
// holds a snapshot, and CREATE INDEX CONCURRENTLY would wait for that snapshot to end.
const turnEvery = 1 // seconds

// Migrate applies the goose files at the root of migrations, while other replicas serve requests. Replicas that start together
// take turns. Migrate uses a connection of its own with different limits than the pool's: a statement may take any time, but
// waits for a lock for 200 ms only. A migration that does not get its locks in that time is rolled back and retried after
// growing waits, until ctx is done.
//
// A file that begins with "-- +goose NO TRANSACTION" is for statements such as CREATE INDEX CONCURRENTLY and VALIDATE
// CONSTRAINT, which block no others. After an interruption it is run again from its start, so each of its statements must be
// repeatable (IF NOT EXISTS). Before that, Migrate drops an index that the interruption left INVALID.
func Migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) error {
	return migrate(ctx, pool, migrations, slog.New(slog.DiscardHandler))
}

func migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS, logger *slog.Logger) error {
	db := stdlib.OpenDB(*forMigrations(pool).ConnConfig)
	defer func() { _ = db.Close() }()
	// A single connection holds the lock and does the work, so a replica that loses the lock has also stopped working.
	db.SetMaxOpenConns(1)
	if err := checkEncoding(ctx, db); err != nil {
		return err
	}
	m := migrator{db: db, files: migrations, logger: logger}
	if err := outage.Outlast(ctx, logger, "locks of a migration", lostLock, m.up); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

// forMigrations returns the pool's configuration with the limits for migrations.
func forMigrations(pool *pgxpool.Pool) *pgxpool.Config {
	config := pool.Config()
	params := config.ConnConfig.RuntimeParams
	params["lock_timeout"] = milliseconds(migrationLockWait)
	params["statement_timeout"] = "0"
	return config
}

// OpenForMigrations opens another pool on the database, with Migrate's limits, for migrations that are not goose files. The
// caller closes it.
func OpenForMigrations(ctx context.Context, pool *pgxpool.Pool) (*pgxpool.Pool, error) {
	return pgxpool.NewWithConfig(ctx, forMigrations(pool))
}

// lostLock reports whether err is lock_not_available or deadlock_detected.
func lostLock(err error) bool {
	var pgErr *pgconn.PgError
	return errors.As(err, &pgErr) && (pgErr.Code == "55P03" || pgErr.Code == "40P01")
}

// migrator applies goose files one by one.
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
		if errors.Is(err, goose.ErrAlreadyApplied) { // another replica has applied it meanwhile
			continue
		}
		if err != nil {
			return err
		}
		m.logger.InfoContext(ctx, "migrated", "file", next.Path, "took", time.Since(start))
	}
}

// next returns the first migration that has not been applied, or nil.
func (m migrator) next(ctx context.Context) (*goose.Source, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, m.db, m.files)
	if err != nil {
		return nil, err
	}
	// HasPending also returns an error for a migration whose number is below one that was already applied.
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

// apply waits for this replica's turn and applies one migration.
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

// turn is the session lock of a migration with this text.
type turn struct {
	lock.SessionLocker
	text string
}

// SessionLock implements lock.SessionLocker. Once this replica has the lock, it prepares the connection.
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

// dropInvalid drops indexes that an interrupted run of this migration left incomplete.
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
