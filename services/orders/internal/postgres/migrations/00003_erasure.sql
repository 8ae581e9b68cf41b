-- +goose Up
-- The customers who were erased from their orders. None of them places another.
CREATE TABLE erased_customers (
    customer_id text NOT NULL CONSTRAINT erased_customers_pkey PRIMARY KEY,
    erased_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE erased_customers;
