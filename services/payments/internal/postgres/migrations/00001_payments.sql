-- +goose Up
CREATE TABLE payments (
    id             uuid        PRIMARY KEY,
    order_id       uuid        NOT NULL CONSTRAINT payments_order UNIQUE,
    reference      text        NOT NULL CONSTRAINT payments_reference UNIQUE,
    method         text        NOT NULL,
    status         text        NOT NULL CONSTRAINT payments_status CHECK (status IN ('pending', 'authorized', 'declined', 'captured', 'voided')),
    amount         bigint      NOT NULL CONSTRAINT payments_amount_not_negative CHECK (amount >= 0),
    currency       text        NOT NULL,
    decline_reason text        NOT NULL DEFAULT '',
    created_at     timestamptz NOT NULL DEFAULT now(),
    updated_at     timestamptz NOT NULL DEFAULT now()
);

-- Debits are positive, credits negative; the entries of a movement add up to zero. Only ever added to.
CREATE TABLE ledger_entries (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payment_id uuid        NOT NULL REFERENCES payments (id),
    movement   text        NOT NULL,
    account    text        NOT NULL,
    amount     bigint      NOT NULL,
    currency   text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ledger_entries_payment ON ledger_entries (payment_id, id);

-- The books of the simulated card network. Nothing but the simulator reads or writes them.
CREATE SCHEMA simulator;
CREATE TABLE simulator.authorizations (
    reference text   PRIMARY KEY,
    amount    bigint NOT NULL,
    currency  text   NOT NULL,
    status    text   NOT NULL,
    reason    text   NOT NULL
);
CREATE TABLE simulator.tries (
    reference text PRIMARY KEY
);

-- +goose Down
DROP SCHEMA simulator CASCADE;
DROP TABLE ledger_entries;
DROP TABLE payments;
