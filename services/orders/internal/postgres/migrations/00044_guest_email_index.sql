-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_guest_email_idx ON orders (guest_email) WHERE guest_email <> '';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS orders_guest_email_idx;
