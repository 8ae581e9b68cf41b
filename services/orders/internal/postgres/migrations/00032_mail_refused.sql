-- +goose Up
-- When the address for the order's mails was refused; null again once it accepts a mail.
ALTER TABLE orders ADD COLUMN mail_refused_at timestamptz;

-- +goose Down
ALTER TABLE orders DROP COLUMN mail_refused_at;
