-- +goose Up
ALTER TABLE orders
    -- The version of the payment that the order knows, or 0.
    ADD COLUMN payment_version bigint NOT NULL DEFAULT 0,
    -- Why a person has to look at the payment, or empty.
    ADD COLUMN payment_attention text NOT NULL DEFAULT '',
    -- What failed refunds have left to be given back, in minor units.
    ADD COLUMN owed bigint NOT NULL DEFAULT 0,
    -- Why a person has to look at the order, but for the reasons that come with time.
    ADD COLUMN attention text[] NOT NULL DEFAULT '{}';

-- How far the feed of payments has been followed: one row.
CREATE TABLE payment_feed (
    id boolean NOT NULL DEFAULT true CONSTRAINT payment_feed_pkey PRIMARY KEY CONSTRAINT payment_feed_one_row CHECK (id),
    -- The position that payments gave, or empty before the first answer.
    position text NOT NULL
);
INSERT INTO payment_feed (position) VALUES ('');

-- The orders whose payments have changed while a decision about the order was being carried out.
CREATE TABLE waiting_payments (
    order_id uuid NOT NULL CONSTRAINT waiting_payments_pkey PRIMARY KEY,
    -- The version of the payment that was told.
    version bigint NOT NULL
);

-- +goose Down
DROP TABLE waiting_payments;
DROP TABLE payment_feed;
ALTER TABLE orders
    DROP COLUMN attention,
    DROP COLUMN owed,
    DROP COLUMN payment_attention,
    DROP COLUMN payment_version;
