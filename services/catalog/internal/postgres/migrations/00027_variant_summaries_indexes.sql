-- +goose NO TRANSACTION
-- +goose Up
-- An array of the category, because an index of this kind has no plain texts. There is no WHERE, because PostgreSQL combines no two indexes that
-- have the same.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_option_values ON products USING gin (option_values, (ARRAY[category_slug]));
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_without_variants ON products (id) WHERE variants_version <> version;
-- The newest of a category or brand, with what is counted of them, so that counting reads no products.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_counted_in_category ON products (category_slug, created_at, id)
    INCLUDE (status, counted_values, counted_prices) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_counted_of_brand ON products (brand, created_at, id)
    INCLUDE (status, counted_values, counted_prices) WHERE NOT withdrawn;
-- What the new ones replace.
DROP INDEX CONCURRENTLY IF EXISTS variants_options;
DROP INDEX CONCURRENTLY IF EXISTS products_newest_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_newest_of_brand;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS variants_options ON variants USING gin (options jsonb_path_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_newest_in_category ON products (category_slug, created_at, id) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_newest_of_brand ON products (brand, created_at, id) WHERE NOT withdrawn;
DROP INDEX CONCURRENTLY IF EXISTS products_counted_of_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_counted_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_without_variants;
DROP INDEX CONCURRENTLY IF EXISTS products_option_values;
