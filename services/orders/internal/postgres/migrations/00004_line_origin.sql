-- +goose Up
-- The product of a line as it was when it was sold; all NULL in orders that were placed before it was kept. Columns without
-- a default are added without rewriting the table, and processes of before leave them out.
ALTER TABLE order_lines
    ADD COLUMN product_id text,
    ADD COLUMN slug text,
    -- {"url", "alt"}
    ADD COLUMN image json,
    -- [{"name", "value"}], in the order the shop shows them. json, not jsonb: the order stays.
    ADD COLUMN options json;

-- +goose Down
ALTER TABLE order_lines
    DROP COLUMN product_id,
    DROP COLUMN slug,
    DROP COLUMN image,
    DROP COLUMN options;
