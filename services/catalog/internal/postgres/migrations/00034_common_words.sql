-- +goose Up
-- About how common a word is: the number of titles with it, among a sample of the products on sale.
ALTER TABLE vocabulary ADD COLUMN titles int NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE vocabulary DROP COLUMN titles;
