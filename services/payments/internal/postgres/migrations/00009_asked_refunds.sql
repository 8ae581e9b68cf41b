-- +goose Up
-- asked is who asked for the refund, until the provider has answered.
ALTER TABLE refunds ADD COLUMN asked jsonb;

-- +goose Down
ALTER TABLE refunds DROP COLUMN asked;
