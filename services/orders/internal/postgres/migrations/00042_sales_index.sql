-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_changed ON orders (changed) WHERE changed IS NOT NULL;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS orders_changed;
