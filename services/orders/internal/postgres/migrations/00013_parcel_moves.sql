-- +goose Up
-- Orders follows shipping's feed of moves. orders.tracked_at and its index orders_tracked_idx are for instances of the version
-- before, which ask about each order in turn. A later version drops them.

-- How far the feed has been followed: one row.
CREATE TABLE parcel_feed (
    id boolean NOT NULL DEFAULT true CONSTRAINT parcel_feed_pkey PRIMARY KEY CONSTRAINT parcel_feed_one_row CHECK (id),
    -- Shipping's, or empty before the first answer.
    position text NOT NULL
);
INSERT INTO parcel_feed (position) VALUES ('');

-- Moves that were told and are not in the order's timeline yet, because its dispatch is not saved yet or because saving failed.
CREATE TABLE pending_moves (
    order_id uuid NOT NULL CONSTRAINT pending_moves_pkey PRIMARY KEY,
    -- All of the parcel's so far, the oldest first.
    moves text[] NOT NULL
);

-- +goose Down
DROP TABLE pending_moves;
DROP TABLE parcel_feed;
