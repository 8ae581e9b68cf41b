-- +goose Up
-- The pieces that a refund pays for, as [{"sku", "quantity"}]. NULL in refunds by the version before: there the refund of a return pays
-- for all of the return's lines, and any other refund is goodwill.
ALTER TABLE refunds ADD COLUMN lines jsonb;
-- Whether the refund includes the shipping of the order.
ALTER TABLE refunds ADD COLUMN shipping boolean NOT NULL DEFAULT false;
-- Who has decided the refund. Empty in those by the version before.
ALTER TABLE refunds ADD COLUMN actor_id text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE refunds DROP COLUMN actor_id;
ALTER TABLE refunds DROP COLUMN shipping;
ALTER TABLE refunds DROP COLUMN lines;
