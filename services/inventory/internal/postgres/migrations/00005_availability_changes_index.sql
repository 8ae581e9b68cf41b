-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS levels_changed ON levels (changed);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS levels_changed;
