-- +goose NO TRANSACTION
-- +goose Up
ALTER TABLE levels VALIDATE CONSTRAINT levels_not_oversold;

-- +goose Down
SELECT 1;
