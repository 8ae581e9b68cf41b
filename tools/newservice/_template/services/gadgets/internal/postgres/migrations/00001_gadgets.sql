-- +goose Up
CREATE TABLE gadgets (
    id          uuid        PRIMARY KEY,
    customer_id uuid        NOT NULL,
    title       text        NOT NULL,
    created_at  timestamptz NOT NULL
);

-- The idempotency keys of callers, each with the answer to its first request.
CREATE TABLE idempotent_requests (
    caller      text        NOT NULL,
    method      text        NOT NULL,
    key         text        NOT NULL,
    -- SHA-256 of the request.
    fingerprint bytea       NOT NULL,
    -- The HTTP request that used the key first.
    request_id  text        NOT NULL,
    answer      bytea       NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotent_requests_pkey PRIMARY KEY (caller, method, key)
);
CREATE INDEX idempotent_requests_created_idx ON idempotent_requests (created_at);

-- +goose Down
DROP TABLE idempotent_requests;
DROP TABLE gadgets;
