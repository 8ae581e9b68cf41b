-- +goose Up
-- What searches take for one another. meaning is the term as searches compare it: stemmed plain words.
CREATE TABLE synonyms (
    group_number int NOT NULL,
    position int NOT NULL,
    term text NOT NULL,
    meaning text NOT NULL,
    PRIMARY KEY (group_number, position)
);
CREATE INDEX synonyms_meaning ON synonyms (meaning);

-- The version of all synonyms, in one row once they were set.
CREATE TABLE synonyms_version (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    version bigint NOT NULL
);

-- +goose Down
DROP TABLE synonyms_version;
DROP TABLE synonyms;
