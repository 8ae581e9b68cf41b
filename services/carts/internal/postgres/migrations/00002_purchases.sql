-- +goose Up
-- The ids of the purchases that are to be made of a cart's lines: its own, and those of the guest carts that were merged into it.
-- An order claims them, so that no line is bought by two orders. Rows from before this column have the cart's id as theirs.
ALTER TABLE carts ADD COLUMN purchases uuid[];
ALTER TABLE carts ALTER COLUMN purchases SET DEFAULT ARRAY[gen_random_uuid()];

-- +goose Down
ALTER TABLE carts DROP COLUMN purchases;
