-- +goose Up
-- The purchases of carts that orders have claimed, so that no line of a cart is bought by two orders.
CREATE TABLE cart_claims (
    purchase_id uuid PRIMARY KEY,
    order_id    uuid NOT NULL
);
CREATE INDEX cart_claims_order_id ON cart_claims (order_id);

-- Those that the order has claimed. NULL for orders from before claims.
ALTER TABLE orders ADD COLUMN purchases uuid[];

-- +goose Down
ALTER TABLE orders DROP COLUMN purchases;
DROP TABLE cart_claims;
