-- +goose Up
-- Columns of migration 26 that no released version uses.
ALTER TABLE products DROP COLUMN counted_values, DROP COLUMN counted_prices, DROP COLUMN variants_version;

-- +goose Down
ALTER TABLE products
    ADD COLUMN counted_values text[],
    ADD COLUMN counted_prices bigint[],
    ADD COLUMN variants_version bigint NOT NULL DEFAULT 0;
