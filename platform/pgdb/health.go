package pgdb

import (
	"context"
	"fmt"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Health checks whether a database answers. It uses a connection of its own, because a pool without a free connection is only
// busy. Its methods are safe for concurrent use.
type Health struct {
	config *pgx.ConnConfig

	mu   sync.Mutex
	conn *pgx.Conn
}

// NewHealth returns the health check of a pool's database. Close it when it is no longer needed.
func NewHealth(pool *pgxpool.Pool) *Health {
	return &Health{config: pool.Config().ConnConfig}
}

// Check returns nil if the database answers before ctx is done. It reconnects if the connection was lost since the last check.
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

// Close closes the connection.
func (h *Health) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conn != nil {
		h.drop(context.Background())
	}
}
