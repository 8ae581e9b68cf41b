-- +goose Up
CREATE TABLE carts (
    id          uuid        PRIMARY KEY,
    -- A customer's own cart has the customer's id as its own, so that a customer has one.
    customer_id uuid        CONSTRAINT carts_customer_has_one CHECK (customer_id = id),
    -- The customer who has claimed this guest cart. It is empty from then on, and nobody can use it.
    claimed_by  uuid        CONSTRAINT carts_claimed_is_guests CHECK (claimed_by IS NULL OR customer_id IS NULL),
    expires_at  timestamptz NOT NULL
);
CREATE INDEX carts_expires_at_idx ON carts (expires_at);
CREATE INDEX carts_claimed_by_idx ON carts (claimed_by) WHERE claimed_by IS NOT NULL;

CREATE TABLE cart_lines (
    cart_id  uuid   NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    sku      text   NOT NULL,
    quantity bigint NOT NULL CONSTRAINT cart_lines_quantity CHECK (quantity BETWEEN 1 AND 100000),
    -- Lines are shown in the order in which they were first added.
    position bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY (cart_id, sku)
);

-- The orders whose lines were taken out of a cart, each once.
CREATE TABLE cart_checkouts (
    cart_id  uuid NOT NULL REFERENCES carts (id) ON DELETE CASCADE,
    order_id uuid NOT NULL,
    PRIMARY KEY (cart_id, order_id)
);

-- The stores of earlier versions whose carts have been copied.
CREATE TABLE copied_stores (
    name      text        PRIMARY KEY,
    copied_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE copied_stores;
DROP TABLE cart_checkouts;
DROP TABLE cart_lines;
DROP TABLE carts;
