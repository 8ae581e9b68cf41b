-- +goose Up
-- trace is the W3C traceparent of the work that made the shipment or handed it over, so that work that goes on later is in the same trace.
ALTER TABLE shipments ADD COLUMN trace text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE shipments DROP COLUMN trace;
