-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE returns VALIDATE CONSTRAINT returns_status_check;

-- Staff list returns, newest first, all or those of one status.
CREATE INDEX CONCURRENTLY IF NOT EXISTS returns_created_idx ON returns (created_at DESC, id DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS returns_status_idx ON returns (status, created_at DESC, id DESC);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS returns_status_idx;
DROP INDEX CONCURRENTLY IF EXISTS returns_created_idx;
