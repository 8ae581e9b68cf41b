-- +goose NO TRANSACTION
-- +goose Up
CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS products_handle ON products (handle);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS products_handle;
