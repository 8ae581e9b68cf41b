// Package postgres is responsible for keeping orders in PostgreSQL: the orders with their lines and
// timelines, and the idempotency keys.
package postgres

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/services/orders/internal/events"
	"souk/services/orders/internal/orders"
)

// Store implements orders.Store and events.TicketStore.
type Store struct {
	pool *pgxpool.Pool
	// dueAfter is how long after it has come to have work an order becomes due.
	dueAfter time.Duration
}

var (
	_ orders.Store       = (*Store)(nil)
	_ events.TicketStore = (*Store)(nil)
)

// New returns a store on a database that has been migrated. An order becomes due dueAfter it has come to have work.
func New(pool *pgxpool.Pool, dueAfter time.Duration) *Store {
	return &Store{pool: pool, dueAfter: dueAfter}
}
