-- +goose NO TRANSACTION
-- +goose Up
-- Words and titles by their beginnings, whatever the collation of the database.
CREATE INDEX CONCURRENTLY IF NOT EXISTS vocabulary_beginnings ON vocabulary (word text_pattern_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS products_title_beginnings ON products (plain_title text_pattern_ops, id) WHERE NOT withdrawn;
-- Variants by their options.
CREATE INDEX CONCURRENTLY IF NOT EXISTS variants_options ON variants USING gin (options jsonb_path_ops);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS variants_options;
DROP INDEX CONCURRENTLY IF EXISTS products_title_beginnings;
DROP INDEX CONCURRENTLY IF EXISTS vocabulary_beginnings;
