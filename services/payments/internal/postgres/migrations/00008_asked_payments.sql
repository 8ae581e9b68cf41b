-- +goose Up
-- asked is what the provider was asked for, and who asked for it, until it has answered; see payments.Asked.
ALTER TABLE payments ADD COLUMN asked jsonb;

-- +goose Down
ALTER TABLE payments DROP COLUMN asked;
