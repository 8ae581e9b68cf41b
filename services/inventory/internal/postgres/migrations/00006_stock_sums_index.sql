-- +goose NO TRANSACTION
-- +goose Up
-- An audit adds up a SKU's entries from this index alone.
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_entries_sums ON stock_entries (sku, kind) INCLUDE (delta);
DROP INDEX CONCURRENTLY IF EXISTS stock_entries_sku;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS stock_entries_sku ON stock_entries (sku, id);
DROP INDEX CONCURRENTLY IF EXISTS stock_entries_sums;
