-- +goose NO TRANSACTION
-- +goose Up
-- The products of a category and of a brand by price and by title. Without these, PostgreSQL reads the products of the whole shop in that order until
-- a page is full.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_priced_in_category ON products (category_slug, min_price, id) INCLUDE (status) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_titled_in_category ON products (category_slug, title COLLATE "und-x-icu", id)
    INCLUDE (status) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_priced_of_brand ON products (brand, min_price, id) INCLUDE (status) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_titled_of_brand ON products (brand, title COLLATE "und-x-icu", id)
    INCLUDE (status) WHERE NOT withdrawn;
-- The option values with the brands as well, in place of products_option_values.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_options ON products USING gin (option_values, (ARRAY[category_slug]), (ARRAY[brand]));
DROP INDEX CONCURRENTLY IF EXISTS products_option_values;

-- +goose Down
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_option_values ON products USING gin (option_values, (ARRAY[category_slug]));
DROP INDEX CONCURRENTLY IF EXISTS products_options;
DROP INDEX CONCURRENTLY IF EXISTS products_titled_of_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_priced_of_brand;
DROP INDEX CONCURRENTLY IF EXISTS products_titled_in_category;
DROP INDEX CONCURRENTLY IF EXISTS products_priced_in_category;
