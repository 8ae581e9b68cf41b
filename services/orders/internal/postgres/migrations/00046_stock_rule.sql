-- +goose Up
-- How the stock of the line limited its sale when it was ordered.
ALTER TABLE order_lines
    ADD COLUMN untracked boolean NOT NULL DEFAULT false,
    ADD COLUMN continue_selling boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE order_lines DROP COLUMN untracked, DROP COLUMN continue_selling;
