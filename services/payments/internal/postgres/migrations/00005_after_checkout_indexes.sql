-- +goose NO TRANSACTION
-- +goose Up
CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_changed ON payments (changed);
CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_due ON payments (ask_at)
    WHERE ask_at < 'infinity' AND (ask_at > '-infinity' OR status IN ('pending', 'authorized'));
CREATE INDEX CONCURRENTLY IF NOT EXISTS payments_provider_id ON payments (provider_id) WHERE provider_id <> '';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS payments_provider_id;
DROP INDEX CONCURRENTLY IF EXISTS payments_due;
DROP INDEX CONCURRENTLY IF EXISTS payments_changed;
