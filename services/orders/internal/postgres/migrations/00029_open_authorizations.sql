-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_authorized_idx ON orders (created_at) WHERE status = 'confirmed' AND payment_status = 'authorized';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS orders_authorized_idx;
