-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_attention_idx ON orders (created_at DESC, id DESC) WHERE attention <> '{}';
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_name_idx ON orders (lower(shipping_address->>'name') text_pattern_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS order_lines_sku_idx ON order_lines (upper(sku));

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS order_lines_sku_idx;
DROP INDEX CONCURRENTLY IF EXISTS orders_name_idx;
DROP INDEX CONCURRENTLY IF EXISTS orders_attention_idx;
