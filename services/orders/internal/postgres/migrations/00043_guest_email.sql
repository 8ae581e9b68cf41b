-- +goose Up
-- The e-mail address of a guest, in its canonical spelling; empty in the order of a customer. The customer_id of a guest's order is its id.
ALTER TABLE orders ADD COLUMN guest_email text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN guest_email;
