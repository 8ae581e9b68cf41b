-- +goose NO TRANSACTION
-- +goose Up
-- The newest of a category or brand.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_newest_in_category ON products (category_slug, created_at, id) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_newest_of_brand ON products (brand, created_at, id) WHERE NOT withdrawn;
-- By price; the highest price is there so that products below a range are passed over without reading them.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_price_range ON products (min_price, id, max_price) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_highest_price ON products (max_price, id) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS variants_price ON variants (price, product_id);
DROP INDEX CONCURRENTLY IF EXISTS products_category;
DROP INDEX CONCURRENTLY IF EXISTS products_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_price;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_category ON products (category_slug) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_brand ON products (brand) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_price ON products (min_price, id) WHERE NOT withdrawn;
DROP INDEX CONCURRENTLY IF EXISTS products_newest_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_newest_of_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_price_range;
DROP INDEX CONCURRENTLY IF EXISTS products_highest_price;
DROP INDEX CONCURRENTLY IF EXISTS variants_price;
