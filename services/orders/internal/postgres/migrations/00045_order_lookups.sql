-- +goose Up
-- What guests have asked for, as they typed it. It is looked at a second later, so that the answer cannot tell whether there is an order.
CREATE TABLE order_lookups (
    id uuid NOT NULL DEFAULT gen_random_uuid() CONSTRAINT order_lookups_pkey PRIMARY KEY,
    number text NOT NULL,
    email text NOT NULL
);

-- The tokens in mails to guests.
CREATE TABLE lookup_tokens (
    -- SHA-256 of the token.
    hash bytea NOT NULL CONSTRAINT lookup_tokens_pkey PRIMARY KEY,
    order_id uuid NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX lookup_tokens_expires_idx ON lookup_tokens (expires_at);

-- +goose Down
DROP TABLE lookup_tokens;
DROP TABLE order_lookups;
