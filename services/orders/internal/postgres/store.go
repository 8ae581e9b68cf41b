// Package postgres is responsible for keeping orders in PostgreSQL: the orders with their lines and
// timelines, and the idempotency keys.
package postgres

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/orders/internal/events"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/outbox"
)

// Store implements orders.Store, events.TicketStore, outbox.Store and guest.Store.
type Store struct {
	pool *pgxpool.Pool
	// dueAfter is how long after it has come to have work an order becomes due.
	dueAfter time.Duration
}

var (
	_ orders.Store       = (*Store)(nil)
	_ events.TicketStore = (*Store)(nil)
	_ outbox.Store       = (*Store)(nil)
	_ guest.Store        = (*Store)(nil)
)

// New returns a store on a database that has been migrated. An order becomes due dueAfter it has come to have work.
func New(pool *pgxpool.Pool, dueAfter time.Duration) *Store {
	return &Store{pool: pool, dueAfter: dueAfter}
}
