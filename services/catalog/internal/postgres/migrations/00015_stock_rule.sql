-- +goose Up
ALTER TABLE variants
    ADD COLUMN untracked boolean NOT NULL DEFAULT false,
    ADD COLUMN continue_selling boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE variants DROP COLUMN untracked, DROP COLUMN continue_selling;
