-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_without_offer ON products (id) WHERE offer_version <> version;
-- The newest of a category or brand, with what is counted of them, so that counting reads no products.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_offered_in_category ON products (category_slug, created_at, id) INCLUDE (status, offer) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_offered_of_brand ON products (brand, created_at, id) INCLUDE (status, offer) WHERE NOT withdrawn;
-- What the new ones replace.
DROP INDEX CONCURRENTLY IF EXISTS products_without_variants;
DROP INDEX CONCURRENTLY IF EXISTS products_counted_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_counted_of_brand;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_without_variants ON products (id) WHERE variants_version <> version;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_counted_in_category ON products (category_slug, created_at, id)
    INCLUDE (status, counted_values, counted_prices) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_counted_of_brand ON products (brand, created_at, id)
    INCLUDE (status, counted_values, counted_prices) WHERE NOT withdrawn;
DROP INDEX CONCURRENTLY IF EXISTS products_offered_of_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_offered_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_without_offer;
