-- +goose Up
ALTER TABLE payments
    ADD COLUMN provider_id text   NOT NULL DEFAULT '',
    ADD COLUMN refunded    bigint NOT NULL DEFAULT 0 CONSTRAINT payments_refunded CHECK (refunded BETWEEN 0 AND amount);

CREATE TABLE refunds (
    id          uuid        PRIMARY KEY,
    payment_id  uuid        NOT NULL REFERENCES payments (id),
    reference   text        NOT NULL CONSTRAINT refunds_reference UNIQUE,
    provider_id text        NOT NULL DEFAULT '',
    status      text        NOT NULL CONSTRAINT refunds_status CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount      bigint      NOT NULL CONSTRAINT refunds_amount_positive CHECK (amount > 0),
    currency    text        NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refunds_payment ON refunds (payment_id);

-- With it, (payment_id, movement, refund_id) names one movement.
ALTER TABLE ledger_entries ADD COLUMN refund_id uuid REFERENCES refunds (id);

-- What was received from providers and acted on.
CREATE TABLE webhook_events (
    provider    text        NOT NULL,
    id          text        NOT NULL,
    type        text        NOT NULL,
    payment_id  uuid        NOT NULL REFERENCES payments (id),
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (provider, id)
);

CREATE TABLE simulator.refunds (
    reference text   PRIMARY KEY,
    payment   text   NOT NULL REFERENCES simulator.authorizations (reference),
    amount    bigint NOT NULL,
    status    text   NOT NULL
);
CREATE INDEX refunds_payment ON simulator.refunds (payment);

-- +goose Down
DROP TABLE simulator.refunds;
DROP TABLE webhook_events;
ALTER TABLE ledger_entries DROP COLUMN refund_id;
DROP TABLE refunds;
ALTER TABLE payments DROP COLUMN provider_id, DROP COLUMN refunded;
