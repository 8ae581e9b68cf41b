-- +goose Up
-- Who has made the decision of the last intent, for the entry that the timeline gets when it is carried out.
ALTER TABLE orders ADD COLUMN decided_by text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE orders DROP COLUMN decided_by;
