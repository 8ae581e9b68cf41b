// Package pgfeed is responsible for telling readers which rows of a table have changed, soon after the change is committed,
// and never missing one.
//
// The table has a column that a trigger sets to the transaction of the row's last change:
//
//	ALTER TABLE products ADD COLUMN changed xid8 NOT NULL DEFAULT '0';
//	CREATE INDEX CONCURRENTLY products_changed ON products (changed);
//	CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
//	    $$ BEGIN NEW.changed := pg_current_xact_id(); RETURN NEW; END $$;
//	CREATE TRIGGER note_change BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION note_change();
//
// Transactions commit in another order than they begin. So a reader's position is the oldest transaction that was still running
// when the reader last looked: all that come before it have ended, and what they did has been told. A change by a later one may
// be told several times; its reader tells by Change.At that it is the same. A transaction that runs for long keeps the position
// back, but no change of others.
package pgfeed

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/platform/field"
	"souk/platform/outage"
)

const (
	// MaxWait is the longest that a reader may wait for a change.
	MaxWait = 10 * time.Second
	// lookEvery is how often the table is looked at while somebody waits. A change is told about so long after its commit, at most.
	lookEvery = 50 * time.Millisecond
	// mostChanges is how many changes are told at once.
	mostChanges = 2000
)

// Change says that a row has changed.
type Change struct {
	// ID is the row's.
	ID string
	// At is the transaction of the change. A later change of the row has a greater one, unless the database was restored.
	At uint64
}

// News are the changes since a position.
type News struct {
	Changes []Change
	// Position is where to go on from.
	Position string
	// Reset says that the changes are too many, or that the position was of another database: anything may have changed.
	Reset bool
	// More says that the next page is there already. Only Page sets it.
	More bool
}

// Feed tells the changes of a table.
type Feed struct {
	pool         *pgxpool.Pool
	query, pages string
}

// New returns the feed of a table whose rows are named by the column id.
func New(pool *pgxpool.Pool, table, id string) *Feed {
	id, table = pgx.Identifier{id}.Sanitize(), pgx.Identifier{table}.Sanitize()
	return &Feed{pool: pool, query: fmt.Sprintf(selectNews, id, table), pages: fmt.Sprintf(selectPage, id, table)}
}

// One statement, so that all of it is of one snapshot. A change by a transaction that this database has not begun yet comes from
// a dump of another database. It was told there.
const selectNews = `
SELECT pg_snapshot_xmin(pg_current_snapshot())::text,
    ARRAY(SELECT ARRAY[%[1]s::text, changed::text] FROM %[2]s
        WHERE changed >= $1::text::xid8 AND changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed LIMIT $2)`

// All changes of one transaction are on one page.
const selectPage = `
SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
    pg_snapshot_xmin(pg_current_snapshot())::text,
    coalesce((SELECT changed FROM %[2]s WHERE changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed DESC LIMIT 1), '0')::text,
    ARRAY(SELECT ARRAY[%[1]s::text, changed::text] FROM %[2]s
        WHERE changed >= $1::text::xid8 AND changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed FETCH FIRST ($2) ROWS WITH TIES)`

// Wait returns what has changed since a position or, when that is nothing, waits for a change. It returns News without changes when
// none came. An empty position is that of now. It returns a *field.Error for a position that is none and for a wait above MaxWait.
func (f *Feed) Wait(ctx context.Context, position string, wait time.Duration) (News, error) {
	after, err := strconv.ParseUint(position, 10, 64)
	var c field.Checker
	c.Check(position == "" || err == nil, "position", "is no position of this feed")
	c.Check(wait >= 0 && wait <= MaxWait, "wait", fmt.Sprintf("must be 0 to %s", MaxWait))
	if err := c.Err(); err != nil {
		return News{}, err
	}
	if position == "" {
		return f.look(ctx, after, 0)
	}
	for deadline := time.Now().Add(wait); ; {
		// Before the first look as well, because a transaction that runs for long has changes told again.
		if !outage.Sleep(ctx, min(lookEvery, time.Until(deadline))) {
			return News{}, ctx.Err()
		}
		news, err := f.look(ctx, after, mostChanges)
		if err != nil || len(news.Changes) > 0 || news.Reset || !time.Now().Before(deadline) {
			return news, err
		}
		after = max(after, parse(news.Position))
	}
}

// look returns the changes that are known now, most at a time.
func (f *Feed) look(ctx context.Context, after uint64, most int) (News, error) {
	var oldest string
	var rows [][]string
	err := f.pool.QueryRow(ctx, f.query, strconv.FormatUint(after, 10), most+1).Scan(&oldest, &rows)
	if err != nil {
		return News{}, fmt.Errorf("look for changes: %w", err)
	}
	news := News{Position: oldest}
	if most == 0 {
		return news, nil
	}
	if len(rows) > most || parse(oldest) < after {
		news.Reset = true
		return news, nil
	}
	for _, row := range rows {
		news.Changes = append(news.Changes, Change{ID: row[0], At: parse(row[1])})
	}
	return news, nil
}

// parse reads a transaction's number, as PostgreSQL wrote it.
func parse(number string) uint64 {
	n, _ := strconv.ParseUint(number, 10, 64)
	return n
}
