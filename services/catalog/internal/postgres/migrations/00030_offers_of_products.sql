-- +goose Up
-- What the variants of a product offer as one text, so that facets count equal offers together: the option values, each as the name, the character
-- U+001F and the value, with U+001E between them; then U+001D and the prices, with commas between them. NULL if it is too long for an index.
-- The service writes it, also into rows that a version before has written.
ALTER TABLE products
    ADD COLUMN offer text,
    -- The product's version that the offer and the option values are from.
    ADD COLUMN offer_version bigint NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE products DROP COLUMN offer_version, DROP COLUMN offer;
