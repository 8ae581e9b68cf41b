-- +goose Up
-- What the variants of a product offer, kept with the product. The service writes it, also into rows that a version before has written.
ALTER TABLE products
    -- The values of the options, each as the name, the character U+001F and the value.
    ADD COLUMN option_values text[] NOT NULL DEFAULT '{}',
    -- The option values and the prices, in indexes for counting; NULL if they are too long for an index.
    ADD COLUMN counted_values text[],
    ADD COLUMN counted_prices bigint[],
    -- The product's version that they are from.
    ADD COLUMN variants_version bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE products DROP COLUMN variants_version, DROP COLUMN counted_prices, DROP COLUMN counted_values, DROP COLUMN option_values;
