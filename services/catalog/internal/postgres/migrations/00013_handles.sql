-- +goose Up
-- What names the product in files, as it is written there. Instances of the version before do not write it; then the slug is the handle.
ALTER TABLE products ADD COLUMN handle text;

-- +goose Down
ALTER TABLE products DROP COLUMN handle;
