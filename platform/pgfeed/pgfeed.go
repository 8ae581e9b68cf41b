// Package pgfeed tells readers which rows of a table have changed, soon after each commit and without ever missing a change.
//
// The table has a column that a trigger sets to the transaction of the row's last change:
//
//	ALTER TABLE products ADD COLUMN changed xid8 NOT NULL DEFAULT '0';
//	CREATE INDEX CONCURRENTLY products_changed ON products (changed);
//	CREATE FUNCTION note_change() RETURNS trigger LANGUAGE plpgsql AS
//	    $$ BEGIN NEW.changed := pg_current_xact_id(); RETURN NEW; END $$;
//	CREATE TRIGGER note_change BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION note_change();
//
// Transactions commit in a different order than they begin. So a reader's position is the oldest transaction that was still
// running at the last read: all earlier ones have ended, and their changes have been reported. Changes by later transactions may
// be reported several times; Change.At shows that they are the same. A long transaction holds back the position, but not the
// changes of other transactions.
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
	// MaxWait is the longest time that Wait and Page may wait for a change.
	MaxWait = 10 * time.Second
	// lookEvery is how often Wait queries the table. A change is reported at most about this long after its commit.
	lookEvery = 50 * time.Millisecond
	// mostChanges is the maximum number of changes in one News.
	mostChanges = 2000
)

// Change is a change of a row.
type Change struct {
	// ID identifies the row.
	ID string
	// At is the transaction of the change. A later change of the row has a greater number, unless the database was restored.
	At uint64
}

// News contains the changes since a position.
type News struct {
	Changes []Change
	// Position is the position for the next read.
	Position string
	// Reset says that there are too many changes, or that the position belongs to another database: any row may have changed.
	Reset bool
	// More says that the next page is available at once. Only Page sets it.
	More bool
}

// Feed reads the changes of a table.
type Feed struct {
	pool         *pgxpool.Pool
	query, pages string
}

// New returns the feed of a table. The column id identifies a row.
func New(pool *pgxpool.Pool, table, id string) *Feed {
	id, table = pgx.Identifier{id}.Sanitize(), pgx.Identifier{table}.Sanitize()
	return &Feed{pool: pool, query: fmt.Sprintf(selectNews, id, table), pages: fmt.Sprintf(selectPage, id, table)}
}

// One statement, so that it runs on one snapshot. A row may carry a transaction number that this database has not reached yet,
// if it comes from a dump of another database. Such a change is left out, because it was reported there.
const selectNews = `
SELECT pg_snapshot_xmin(pg_current_snapshot())::text,
    ARRAY(SELECT ARRAY[%[1]s::text, changed::text] FROM %[2]s
        WHERE changed >= $1::text::xid8 AND changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed LIMIT $2)`

// FETCH ... WITH TIES puts all changes of a transaction on one page.
const selectPage = `
SELECT (extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint,
    pg_snapshot_xmin(pg_current_snapshot())::text,
    coalesce((SELECT changed FROM %[2]s WHERE changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed DESC LIMIT 1), '0')::text,
    ARRAY(SELECT ARRAY[%[1]s::text, changed::text] FROM %[2]s
        WHERE changed >= $1::text::xid8 AND changed < pg_snapshot_xmax(pg_current_snapshot())
        ORDER BY changed FETCH FIRST ($2) ROWS WITH TIES)`

// Wait returns the changes since a position. If there are none, it waits for one, and returns News without changes when the
// time is over. An empty position means now. For an invalid position or a wait above MaxWait it returns a *field.Error.
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
		// It sleeps before the first query too, because during a long transaction each query returns the same changes again.
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

// look returns the changes that are visible now. More than most of them are a reset.
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

// parse parses a transaction number as PostgreSQL prints it.
func parse(number string) uint64 {
	n, _ := strconv.ParseUint(number, 10, 64)
	return n
}
