-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS shipments_changed ON shipments (changed);
CREATE INDEX CONCURRENTLY IF NOT EXISTS shipments_due ON shipments (ask_at) WHERE status <> 'delivered';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS shipments_due;
DROP INDEX CONCURRENTLY IF EXISTS shipments_changed;
