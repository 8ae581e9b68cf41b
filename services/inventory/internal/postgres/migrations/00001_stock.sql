-- +goose Up
CREATE TABLE levels (
    sku      text   PRIMARY KEY,
    on_hand  bigint NOT NULL CONSTRAINT levels_on_hand_not_negative CHECK (on_hand >= 0),
    reserved bigint NOT NULL DEFAULT 0 CONSTRAINT levels_reserved_not_negative CHECK (reserved >= 0),
    CONSTRAINT levels_reserved_is_on_hand CHECK (reserved <= on_hand)
);

-- The ledger is only ever added to; the sum of a SKU's deltas is what is on hand of it.
CREATE TABLE stock_entries (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    sku      text        NOT NULL REFERENCES levels (sku),
    kind     text        NOT NULL CONSTRAINT stock_entries_kind CHECK (kind IN ('opening', 'adjustment', 'sale', 'restock')),
    delta    bigint      NOT NULL,
    order_id uuid,
    reason   text        NOT NULL,
    at       timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX stock_entries_sku ON stock_entries (sku, id);

CREATE TABLE reservations (
    order_id   uuid        PRIMARY KEY,
    status     text        NOT NULL CONSTRAINT reservations_status CHECK (status IN ('held', 'committed', 'released', 'expired')),
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX reservations_expiry ON reservations (expires_at) WHERE status = 'held';

CREATE TABLE reservation_lines (
    order_id uuid   NOT NULL REFERENCES reservations (order_id),
    sku      text   NOT NULL REFERENCES levels (sku),
    quantity bigint NOT NULL CONSTRAINT reservation_lines_quantity_positive CHECK (quantity > 0),
    PRIMARY KEY (order_id, sku)
);

-- +goose Down
DROP TABLE reservation_lines;
DROP TABLE reservations;
DROP TABLE stock_entries;
DROP TABLE levels;
