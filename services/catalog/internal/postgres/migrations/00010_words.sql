-- +goose Up
-- How words become the same word: the stems of English for Latin letters, those of Russian for others. No word is left out, because
-- the service knows which words a search can do without (internal/words).
CREATE TEXT SEARCH DICTIONARY latin_stems (TEMPLATE = snowball, Language = english);
CREATE TEXT SEARCH DICTIONARY cyrillic_stems (TEMPLATE = snowball, Language = russian);
CREATE TEXT SEARCH CONFIGURATION words (COPY = russian);
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING REPLACE english_stem WITH latin_stems;
ALTER TEXT SEARCH CONFIGURATION words ALTER MAPPING REPLACE russian_stem WITH cyrillic_stems;

-- The words by which a product is found, the words of its title, and the product's version that they are from. The service writes
-- them, also into rows that a version before has written.
ALTER TABLE products
    ADD COLUMN words tsvector NOT NULL DEFAULT '',
    ADD COLUMN plain_title text NOT NULL DEFAULT '',
    ADD COLUMN words_version bigint NOT NULL DEFAULT 0;

-- The words to which misspelled ones are corrected.
CREATE TABLE vocabulary (
    word text CONSTRAINT vocabulary_pkey PRIMARY KEY
);
CREATE INDEX vocabulary_similar ON vocabulary USING gin (word gin_trgm_ops);

-- Loads the extension's library, so that its setting is known below.
SELECT similarity('', '');
CREATE FUNCTION similar_words(wanted text) RETURNS SETOF text
    LANGUAGE sql STABLE
    SET pg_trgm.similarity_threshold = 0.2
    AS 'SELECT word FROM vocabulary WHERE word % wanted ORDER BY similarity(word, wanted) DESC, word LIMIT 30';

-- The number of products on sale that a search finds, up to a limit. It reads the index of words alone, and as many products as it
-- counts: other plans read every product if two common words never meet.
CREATE FUNCTION count_found(wanted tsquery, most int) RETURNS bigint
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT count(*) FROM (SELECT FROM products WHERE NOT withdrawn AND words @@ wanted LIMIT most) AS found';

-- +goose Down
DROP FUNCTION count_found;
DROP FUNCTION similar_words;
DROP TABLE vocabulary;
ALTER TABLE products DROP COLUMN words_version, DROP COLUMN plain_title, DROP COLUMN words;
DROP TEXT SEARCH CONFIGURATION words;
DROP TEXT SEARCH DICTIONARY cyrillic_stems;
DROP TEXT SEARCH DICTIONARY latin_stems;
