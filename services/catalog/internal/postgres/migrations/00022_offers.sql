-- +goose Up
-- Instances of the version before do not write these columns: what they save of a product has none of the four.
ALTER TABLE variants
    -- The price that the offer is compared with; NULL means no reduction.
    ADD COLUMN compare_at bigint,
    -- The lowest price of the 30 days before the reduction; the trigger note_price sets it.
    ADD COLUMN lowest_price bigint,
    ADD COLUMN barcode text NOT NULL DEFAULT '',
    ADD COLUMN image jsonb;

-- +goose Down
ALTER TABLE variants DROP COLUMN image, DROP COLUMN barcode, DROP COLUMN lowest_price, DROP COLUMN compare_at;
