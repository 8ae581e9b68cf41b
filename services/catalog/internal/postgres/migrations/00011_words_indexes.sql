-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_words ON products USING gin (words);
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_plain_title ON products (plain_title) WHERE NOT withdrawn;
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_without_words ON products (id) WHERE words_version <> version;
-- Titles as people sort them: Ä beside A. The order is that of Unicode for all languages.
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_sorted_title ON products (title COLLATE "und-x-icu", id) WHERE NOT withdrawn;

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS products_words;
DROP INDEX CONCURRENTLY IF EXISTS products_plain_title;
DROP INDEX CONCURRENTLY IF EXISTS products_without_words;
DROP INDEX CONCURRENTLY IF EXISTS products_sorted_title;
