-- +goose Up
-- trace is the W3C traceparent of the latest change of the payment, so that work that goes on later is in the same trace.
ALTER TABLE payments ADD COLUMN trace text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE payments DROP COLUMN trace;
