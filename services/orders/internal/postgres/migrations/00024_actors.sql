-- +goose Up
-- The customer or the member of staff who has decided this. Empty for what the shop does by itself, and in entries by the version before.
ALTER TABLE timeline_entries ADD COLUMN actor_id text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE timeline_entries DROP COLUMN actor_id;
