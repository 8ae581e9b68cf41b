-- +goose Up
ALTER TABLE orders ADD COLUMN changed_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE returns (
    id uuid NOT NULL CONSTRAINT returns_pkey PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT returns_order_fkey REFERENCES orders (id),
    status text NOT NULL CONSTRAINT returns_status_check CHECK (status IN ('requested', 'received', 'refunded')),
    -- The goods, as [{"sku", "quantity"}].
    lines jsonb NOT NULL,
    reason text NOT NULL,
    -- In minor units of the order's currency.
    amount bigint NOT NULL CONSTRAINT returns_amount_check CHECK (amount >= 0),
    created_at timestamptz NOT NULL
);

CREATE INDEX returns_order_idx ON returns (order_id, id);

CREATE TABLE refunds (
    id uuid NOT NULL CONSTRAINT refunds_pkey PRIMARY KEY,
    order_id uuid NOT NULL CONSTRAINT refunds_order_fkey REFERENCES orders (id),
    status text NOT NULL CONSTRAINT refunds_status_check CHECK (status IN ('pending', 'succeeded', 'failed')),
    amount bigint NOT NULL CONSTRAINT refunds_amount_check CHECK (amount > 0),
    reason text NOT NULL,
    return_id uuid CONSTRAINT refunds_return_key UNIQUE CONSTRAINT refunds_return_fkey REFERENCES returns (id),
    created_at timestamptz NOT NULL
);

CREATE INDEX refunds_order_idx ON refunds (order_id, id);

-- The idempotency keys of refunds that staff asked for.
CREATE TABLE refund_keys (
    staff_id text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of the request.
    fingerprint bytea NOT NULL,
    refund_id uuid NOT NULL
        CONSTRAINT refund_keys_refund_key UNIQUE
        CONSTRAINT refund_keys_refund_fkey REFERENCES refunds (id),
    -- The refund's status in the first answer.
    answered text,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT refund_keys_pkey PRIMARY KEY (staff_id, key)
);

CREATE INDEX refund_keys_created_idx ON refund_keys (created_at);

-- +goose Down
DROP TABLE refund_keys;
DROP TABLE refunds;
DROP TABLE returns;
ALTER TABLE orders DROP COLUMN changed_at;
