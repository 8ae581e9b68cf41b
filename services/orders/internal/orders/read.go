package orders

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"

	"souk/services/orders/internal/order"
)

// ErrBadCursor is returned for a cursor that no page of the list has.
var ErrBadCursor = errors.New("cursor is not one of this list")

const (
	defaultLimit = 20
	maxLimit     = 100
)

// Query asks for a page of orders. Its zero value asks for the newest of all.
type Query struct {
	// Filter says which orders. Its Limit is 1 to 100; 0 means 20.
	order.Filter
	// Cursor is the NextCursor of the page before, or empty.
	Cursor string
}

func (q Query) check() error {
	var c field.Checker
	checkLimit(&c, q.Limit)
	c.Check(q.Status == "" || q.Status.Known(), "status", "is unknown")
	c.CheckLine("customer_id", q.CustomerID, false, order.MaxID)
	c.CheckLine("q", q.Text, false, order.MaxID)
	c.Check(q.From.IsZero() || q.To.IsZero() || q.From.Before(q.To), "to", "must be after from")
	return c.Err()
}

// Page is a part of a list. NextCursor is empty on the last page.
type Page struct {
	Orders     []order.View
	NextCursor string
}

// GetOrder returns an order that the viewer may see, or order.ErrNotFound.
func (s *Service) GetOrder(ctx context.Context, viewer order.Viewer, id string) (order.View, error) {
	o, err := order.Find(ctx, s.store, viewer, id)
	if err != nil {
		return order.View{}, err
	}
	return o.View(), nil
}

// ListOrders returns a page of orders. It returns a *field.Error or ErrBadCursor.
func (s *Service) ListOrders(ctx context.Context, q Query) (Page, error) {
	if err := q.check(); err != nil {
		return Page{}, err
	}
	after, err := positionOf(q.Cursor)
	if err != nil {
		return Page{}, err
	}
	filter := q.Filter
	filter.Limit, filter.After = limitOf(q.Limit), after
	found, more, err := s.store.List(ctx, filter)
	if err != nil {
		return Page{}, fmt.Errorf("list orders: %w", err)
	}
	page := Page{Orders: make([]order.View, len(found))}
	for i, o := range found {
		page.Orders[i] = o.View()
	}
	if more {
		page.NextCursor = cursorOf(found[len(found)-1].Position())
	}
	return page, nil
}

func checkLimit(c *field.Checker, limit int) {
	c.Check(limit >= 0 && limit <= maxLimit, "limit", "must be 1 to 100")
}

// limitOf returns the limit of a query, or the usual one.
func limitOf(limit int) int {
	if limit == 0 {
		return defaultLimit
	}
	return limit
}

// positionOf returns the position that a cursor stands for; nil if there is no cursor.
func positionOf(cursor string) (*order.Position, error) {
	if cursor == "" {
		return nil, nil
	}
	position, err := parseCursor(cursor)
	return &position, err
}

// cursorOf writes a position as opaque text.
func cursorOf(p order.Position) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(p.CreatedAt.UnixMicro(), 10) + "." + p.ID))
}

func parseCursor(cursor string) (order.Position, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return order.Position{}, ErrBadCursor
	}
	micros, id, _ := strings.Cut(string(text), ".")
	at, err := strconv.ParseInt(micros, 10, 64)
	// Times from 1970 to 2286, well within what PostgreSQL keeps.
	if err != nil || at < 0 || at > 1e16 || !identifier.Valid(id) {
		return order.Position{}, ErrBadCursor
	}
	return order.Position{CreatedAt: time.UnixMicro(at).UTC(), ID: id}, nil
}
