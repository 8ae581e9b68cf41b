-- +goose Up
ALTER TABLE returns DROP CONSTRAINT returns_status_check;
ALTER TABLE returns ADD CONSTRAINT returns_status_check
    CHECK (status IN ('requested', 'received', 'refunded', 'refused', 'withdrawn')) NOT VALID;

-- The pieces of lines that came and cannot be sold again, as [{"sku", "quantity"}]. Once a return is received, lines are those that came.
ALTER TABLE returns ADD COLUMN not_restocked jsonb NOT NULL DEFAULT '[]';
-- Whether the refund of the return includes the shipping of the order.
ALTER TABLE returns ADD COLUMN refund_shipping boolean NOT NULL DEFAULT false;
ALTER TABLE returns ADD COLUMN refusal_reason text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE returns DROP COLUMN refusal_reason;
ALTER TABLE returns DROP COLUMN refund_shipping;
ALTER TABLE returns DROP COLUMN not_restocked;
ALTER TABLE returns DROP CONSTRAINT returns_status_check;
ALTER TABLE returns ADD CONSTRAINT returns_status_check CHECK (status IN ('requested', 'received', 'refunded')) NOT VALID;
