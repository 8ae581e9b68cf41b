-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE products VALIDATE CONSTRAINT products_status;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_scheduled ON products (publish_at) WHERE status = 'scheduled';
-- The lists of staff: all products, and those of one status.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_all_newest ON products (created_at, id);
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_newest_of_status ON products (
    (coalesce(status, CASE WHEN withdrawn THEN 'withdrawn' ELSE 'active' END)), created_at, id);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS products_newest_of_status;
DROP INDEX CONCURRENTLY IF EXISTS products_all_newest;
DROP INDEX CONCURRENTLY IF EXISTS products_scheduled;
