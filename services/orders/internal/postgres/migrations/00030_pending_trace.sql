-- +goose Up
-- trace is the W3C traceparent of the parcel.
ALTER TABLE pending_moves ADD COLUMN trace text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE pending_moves DROP COLUMN trace;
