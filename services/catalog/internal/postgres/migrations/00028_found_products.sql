-- +goose Up
-- The names of some products on sale that a search finds. As count_found, it reads the index of words alone, and as many products as it
-- returns.
CREATE FUNCTION found_names(wanted tsquery, most int) RETURNS TABLE (id uuid, slug text, title text, created_at timestamptz)
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT id, slug, title, created_at FROM products WHERE NOT withdrawn AND status IS NULL AND words @@ wanted LIMIT most';
-- The newest products on sale that a search finds, with what their ranks depend on.
CREATE FUNCTION newest_found(wanted tsquery, most int) RETURNS TABLE (id uuid, created_at timestamptz, words tsvector, plain_title text)
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT id, created_at, words, plain_title FROM products
        WHERE NOT withdrawn AND status IS NULL AND words @@ wanted ORDER BY created_at DESC, id DESC LIMIT most';
DROP FUNCTION found_products;

-- +goose Down
CREATE FUNCTION found_products(wanted tsquery, most int) RETURNS SETOF products
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT * FROM products WHERE NOT withdrawn AND status IS NULL AND words @@ wanted LIMIT most';
DROP FUNCTION newest_found;
DROP FUNCTION found_names;
