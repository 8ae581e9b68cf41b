-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_changed ON products (changed);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS products_changed;
