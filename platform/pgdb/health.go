package pgdb

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Health tells whether a database answers, on a connection of its own: a pool whose connections are all at work is busy, and
// not dead. Its methods may be called at the same time.
type Health struct {
	config *pgx.ConnConfig

	mu   sync.Mutex
	conn *pgx.Conn
}

// NewHealth returns the health of the database of a pool. Close it in the end.
func NewHealth(pool *pgxpool.Pool) *Health {
	return &Health{config: pool.Config().ConnConfig}
}

// Check returns nil if the database answers before ctx is done. A connection that was lost since the last check is made anew.
func (h *Health) Check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		if h.conn.Ping(ctx) == nil {
			return nil
		}
		h.drop(ctx)
	}
	conn, err := pgx.ConnectConfig(ctx, h.config)
	if err != nil {
		return fmt.Errorf("check database: %w", err)
	}
	h.conn = conn
	if err := conn.Ping(ctx); err != nil {
		h.drop(ctx)
		return fmt.Errorf("check database: %w", err)
	}
	return nil
}

func (h *Health) drop(ctx context.Context) {
	_ = h.conn.Close(ctx)
	h.conn = nil
}

// Close ends the connection.
func (h *Health) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		h.drop(context.Background())
	}
}
