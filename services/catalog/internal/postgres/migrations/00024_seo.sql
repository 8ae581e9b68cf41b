-- +goose Up
ALTER TABLE products
    ADD COLUMN seo_title text NOT NULL DEFAULT '',
    ADD COLUMN seo_description text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE products DROP COLUMN seo_description, DROP COLUMN seo_title;
