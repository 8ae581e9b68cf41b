-- +goose Up
-- The extension is a trusted one: the owner of the database may create it.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX products_similar_title ON products USING gin (title gin_trgm_ops) WHERE NOT withdrawn;
CREATE INDEX products_brand ON products (brand) WHERE NOT withdrawn;

-- Loads the extension's library, so that its setting is known below.
SELECT word_similarity('', '');
-- The products on sale with words in their title that a misspelled text may mean: two letters of seven swapped.
CREATE FUNCTION similar_titles(wanted text) RETURNS SETOF uuid
    LANGUAGE sql STABLE
    SET pg_trgm.word_similarity_threshold = 0.5
    AS 'SELECT id FROM products WHERE NOT withdrawn AND wanted <% title';

-- +goose Down
DROP FUNCTION similar_titles;
DROP INDEX products_brand;
DROP INDEX products_similar_title;
DROP EXTENSION pg_trgm;
