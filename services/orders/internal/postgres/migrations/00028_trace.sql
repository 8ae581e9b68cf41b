-- +goose Up
-- trace is the W3C traceparent of the latest work on the order, so that work that goes on later is in the same trace.
ALTER TABLE orders ADD COLUMN trace text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN trace;
