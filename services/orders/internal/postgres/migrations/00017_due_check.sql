-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE orders VALIDATE CONSTRAINT orders_due_check;

-- +goose Down
SELECT 1;
