-- +goose Up
ALTER TABLE reservation_lines ADD COLUMN continue_selling boolean NOT NULL DEFAULT false;

-- +goose Down
ALTER TABLE reservation_lines DROP COLUMN continue_selling;
