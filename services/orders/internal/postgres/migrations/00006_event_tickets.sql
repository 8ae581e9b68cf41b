-- +goose Up
-- Tickets for the events of an order, each good for once. No row has what opens it.
CREATE TABLE event_tickets (
    -- SHA-256 of the ticket.
    id bytea NOT NULL CONSTRAINT event_tickets_pkey PRIMARY KEY,
    order_id uuid NOT NULL,
    -- The access token, encrypted under a key that is derived from the ticket.
    sealed_token bytea NOT NULL,
    expires_at timestamptz NOT NULL
);

CREATE INDEX event_tickets_expires_idx ON event_tickets (expires_at);

-- +goose Down
DROP TABLE event_tickets;
