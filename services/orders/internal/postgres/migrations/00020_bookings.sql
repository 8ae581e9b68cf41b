-- +goose Up
-- The id under which shipping books the parcel while an order is being dispatched, and why the last dispatch was given up.
ALTER TABLE orders
    ADD COLUMN booking_id uuid,
    ADD COLUMN dispatch_refusal text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN booking_id, DROP COLUMN dispatch_refusal;
