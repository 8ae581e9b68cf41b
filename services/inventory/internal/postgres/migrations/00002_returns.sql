-- +goose Up
-- What was short of a reservation that was refused: [{"SKU", "Requested", "Available"}]. A refusal is final.
ALTER TABLE reservations ADD COLUMN shortages jsonb;

-- What a committed reservation's order has brought back, never more than it bought.
ALTER TABLE reservation_lines
    ADD COLUMN returned bigint NOT NULL DEFAULT 0,
    ADD CONSTRAINT reservation_lines_returned_was_bought CHECK (returned BETWEEN 0 AND quantity);

-- Returns by their ids; their lines are in the ledger.
CREATE TABLE returns (
    return_id  uuid        PRIMARY KEY,
    order_id   uuid        NOT NULL REFERENCES reservations (order_id),
    created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE stock_entries
    ADD COLUMN return_id uuid REFERENCES returns (return_id),
    DROP CONSTRAINT stock_entries_kind,
    ADD CONSTRAINT stock_entries_kind CHECK (kind IN ('opening', 'adjustment', 'sale', 'restock', 'return')),
    ADD CONSTRAINT stock_entries_return CHECK ((kind = 'return') = (return_id IS NOT NULL));
CREATE INDEX stock_entries_return_id ON stock_entries (return_id) WHERE return_id IS NOT NULL;

-- For the audit, which adds up a SKU's reservations.
CREATE INDEX reservation_lines_sku ON reservation_lines (sku);

-- +goose Down
DROP INDEX reservation_lines_sku;
ALTER TABLE stock_entries
    DROP CONSTRAINT stock_entries_return,
    DROP CONSTRAINT stock_entries_kind,
    DROP COLUMN return_id,
    ADD CONSTRAINT stock_entries_kind CHECK (kind IN ('opening', 'adjustment', 'sale', 'restock'));
DROP TABLE returns;
ALTER TABLE reservation_lines DROP COLUMN returned;
ALTER TABLE reservations DROP COLUMN shortages;
