-- +goose Up
-- How far the sales of orders were followed: one row.
CREATE TABLE sale_feed (
    id boolean NOT NULL DEFAULT true CONSTRAINT sale_feed_pkey PRIMARY KEY CONSTRAINT sale_feed_one_row CHECK (id),
    -- Orders', or empty before the first answer.
    position text NOT NULL,
    -- Whether all sales that were known at the last answer are stored.
    complete boolean NOT NULL,
    -- How often everything was forgotten.
    rebuild bigint NOT NULL
);
INSERT INTO sale_feed (position, complete, rebuild) VALUES ('', false, 0);

CREATE TABLE baskets (
    order_id uuid NOT NULL CONSTRAINT baskets_pkey PRIMARY KEY,
    -- None if the order was cancelled.
    products text[] NOT NULL,
    -- In the order in which the baskets were stored or changed: a transaction takes its numbers while it holds the row of sale_feed.
    number bigint NOT NULL GENERATED ALWAYS AS IDENTITY CONSTRAINT baskets_number_key UNIQUE
);

-- +goose Down
DROP TABLE baskets;
DROP TABLE sale_feed;
