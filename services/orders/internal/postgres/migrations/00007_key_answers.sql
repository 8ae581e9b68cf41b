-- +goose Up
-- Keys of work that takes several steps: what the request makes or changes, and no answer until there is one.
ALTER TABLE idempotent_requests
    ADD COLUMN subject uuid,
    ALTER COLUMN answer DROP NOT NULL;

-- +goose Down
DELETE FROM idempotent_requests WHERE answer IS NULL;
ALTER TABLE idempotent_requests
    ALTER COLUMN answer SET NOT NULL,
    DROP COLUMN subject;
