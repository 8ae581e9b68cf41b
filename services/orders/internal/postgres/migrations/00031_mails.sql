-- +goose Up
-- The mails that wait: what an event of an order tells its customer. Instances of the version before add none.
CREATE TABLE mails (
    order_id uuid NOT NULL,
    -- The place of the event in the order's timeline.
    position integer NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    -- When it is to be sent, or to be sent again. Whoever sends it puts it off first.
    due_at timestamptz NOT NULL DEFAULT now(),
    -- The attempts that failed, the oldest first: [{"at", "reason"}].
    attempts jsonb NOT NULL DEFAULT '[]',
    CONSTRAINT mails_pkey PRIMARY KEY (order_id, position)
);
CREATE INDEX mails_due_idx ON mails (due_at);

-- +goose Down
DROP TABLE mails;
