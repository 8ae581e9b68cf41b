package pgfeed

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"souk/platform/field"
	"souk/platform/outage"
)

const (
	// pageSize is the number of changes on a page. A page has more if a single transaction made more.
	pageSize = 100
	// pageEvery is how often Page queries the table while it waits for changes.
	pageEvery = 100 * time.Millisecond
)

// place is a position in the paged feed. Readers store its text form.
type place struct {
	// server is the start time of the database server, in microseconds since 1970. If it differs, the database may have been
	// restored.
	server int64
	// from is the first transaction to read. During a walk over several pages it is the first one of the next walk.
	from uint64
	// walking says that a walk over several pages is under way; after is the last transaction on its pages so far.
	walking bool
	after   uint64
}

func (p place) String() string {
	if p.walking {
		return fmt.Sprintf("%d.%d.%d", p.server, p.from, p.after)
	}
	return fmt.Sprintf("%d.%d", p.server, p.from)
}

// parsePlace parses a position. For an invalid text it returns the zero place, which matches no server.
func parsePlace(position string) (p place) {
	parts := strings.Split(position, ".")
	if len(parts) != 2 && len(parts) != 3 {
		return place{}
	}
	var errs [3]error
	p.server, errs[0] = strconv.ParseInt(parts[0], 10, 64)
	p.from, errs[1] = strconv.ParseUint(parts[1], 10, 64)
	if p.walking = len(parts) == 3; p.walking {
		p.after, errs[2] = strconv.ParseUint(parts[2], 10, 64)
	}
	if errs != [3]error{} {
		return place{}
	}
	return p
}

// least returns the first transaction that may be on the next page.
func (p place) least() uint64 {
	if p.walking {
		return p.after + 1
	}
	return p.from
}

// Page is like Wait, but for a reader that stores its position for a long time and reads all changes since then, page by page.
// The position stays the same while nothing changes. News.Reset means only that the position is not valid here: it is empty, or
// the database server has been restarted since, perhaps from a backup. The reader must find out by itself what changed before
// the new position.
func (f *Feed) Page(ctx context.Context, position string, wait time.Duration) (News, error) {
	if wait < 0 || wait > MaxWait {
		return News{}, field.Invalid("wait", fmt.Sprintf("must be 0 to %s", MaxWait))
	}
	p := parsePlace(position)
	for deadline := time.Now().Add(wait); ; {
		news, err := f.page(ctx, p)
		if err != nil || len(news.Changes) > 0 || news.Reset || news.Position != position {
			return news, err
		}
		left := time.Until(deadline)
		if left <= 0 {
			return news, nil
		}
		if !outage.Sleep(ctx, min(pageEvery, left)) {
			return News{}, ctx.Err()
		}
	}
}

// page returns the changes from p that are visible now.
func (f *Feed) page(ctx context.Context, p place) (News, error) {
	var now place
	var oldest, newest string
	var rows [][]string
	err := f.pool.QueryRow(ctx, f.pages, strconv.FormatUint(p.least(), 10), pageSize).Scan(&now.server, &oldest, &newest, &rows)
	if err != nil {
		return News{}, fmt.Errorf("look for a page of changes: %w", err)
	}
	if p.server != now.server {
		now.from = min(parse(oldest), parse(newest)+1)
		return News{Position: now.String(), Reset: true}, nil
	}
	news := News{More: len(rows) >= pageSize}
	for _, row := range rows {
		news.Changes = append(news.Changes, Change{ID: row[0], At: parse(row[1])})
	}
	news.Position = p.next(news, parse(oldest)).String()
	return news, nil
}

// next returns the place after a page. oldest is the oldest transaction that was running when the page was read.
func (p place) next(page News, oldest uint64) place {
	next := p
	if !p.walking {
		next.from = max(p.from, oldest) // transactions that end during this walk are on the pages of the next one
	}
	if n := len(page.Changes); n > 0 {
		next.after = page.Changes[n-1].At
	} else if !p.walking {
		return p
	}
	if next.walking = page.More; !next.walking {
		// The position never passes the last change on a page. After a crash, PostgreSQL may reuse the numbers of transactions
		// that changed nothing.
		next.from, next.after = min(next.from, next.after+1), 0
	}
	return next
}
