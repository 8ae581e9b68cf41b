-- +goose Up
-- The newest products on sale that a search finds, in any order, with what ranks and facets need. As newest_ranked, which it replaces, it reads the
-- index of words alone.
CREATE FUNCTION newest_matches(wanted tsquery, most int)
    RETURNS TABLE (id uuid, created_at timestamptz, words tsvector, plain_title text, category_slug text, category text, brand text, offer text)
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT id, created_at, words, plain_title, category_slug, category, brand, offer FROM products
        WHERE NOT withdrawn AND status IS NULL AND words @@ wanted ORDER BY created_at DESC, id DESC LIMIT most';
DROP FUNCTION newest_ranked;

-- +goose Down
CREATE FUNCTION newest_ranked(wanted tsquery, most int) RETURNS TABLE (id uuid, created_at timestamptz, rank real, plain_title text)
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT id, created_at, ts_rank(words, wanted), plain_title FROM (
            SELECT id, created_at, words, plain_title FROM products
            WHERE NOT withdrawn AND status IS NULL AND words @@ wanted ORDER BY created_at DESC, id DESC LIMIT most) AS newest';
DROP FUNCTION newest_matches;
