-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS idempotent_requests_subject_idx ON idempotent_requests (subject);

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS idempotent_requests_subject_idx;
