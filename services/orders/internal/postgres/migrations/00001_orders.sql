-- +goose Up
CREATE TABLE orders (
    id uuid NOT NULL CONSTRAINT orders_pkey PRIMARY KEY,
    number text NOT NULL CONSTRAINT orders_number_key UNIQUE,
    customer_id text NOT NULL,
    status text NOT NULL CONSTRAINT orders_status_check
        CHECK (status IN ('pending', 'confirmed', 'fulfilled', 'delivered', 'rejected', 'cancelled')),
    -- A decision that is being carried out; see the domain's Intent.
    intent text NOT NULL CONSTRAINT orders_intent_check CHECK (intent IN ('', 'reject', 'cancel', 'dispatch')),
    -- Grows by one with each change.
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,

    -- Amounts in minor units of the currency.
    currency text NOT NULL,
    subtotal bigint NOT NULL,
    shipping_price bigint NOT NULL,
    tax bigint NOT NULL,
    total bigint NOT NULL,
    line_count integer NOT NULL,

    shipping_address jsonb NOT NULL,
    shipping_option text NOT NULL,
    shipping_carrier text NOT NULL,
    shipping_service text NOT NULL,
    weight_grams bigint NOT NULL,
    shipment_id text NOT NULL,
    shipment_carrier text NOT NULL,
    tracking_number text NOT NULL,
    -- When its parcel was last asked about.
    tracked_at timestamptz NOT NULL DEFAULT '-infinity',

    payment_method text NOT NULL,
    payment_status text NOT NULL CONSTRAINT orders_payment_status_check
        CHECK (payment_status IN ('pending', 'authorized', 'declined', 'captured', 'voided')),
    authorized bigint NOT NULL,
    captured bigint NOT NULL,
    refunded bigint NOT NULL,

    cart_id text NOT NULL,
    cart_checked_out boolean NOT NULL,
    hold_until timestamptz NOT NULL,
    -- Why it is being rejected, or was.
    refusal jsonb,
    -- The River job that finishes it, while there is work left.
    job_id bigint,
    CONSTRAINT orders_job_check CHECK (job_id IS NOT NULL OR (status <> 'pending' AND intent = ''))
);

CREATE INDEX orders_created_idx ON orders (created_at DESC, id DESC);
CREATE INDEX orders_customer_idx ON orders (customer_id, created_at DESC, id DESC);
CREATE INDEX orders_status_idx ON orders (status, created_at DESC, id DESC);
CREATE INDEX orders_tracked_idx ON orders (tracked_at) WHERE status = 'fulfilled';

CREATE TABLE order_lines (
    order_id uuid NOT NULL CONSTRAINT order_lines_order_fkey REFERENCES orders (id),
    position integer NOT NULL,
    sku text NOT NULL,
    title text NOT NULL,
    quantity bigint NOT NULL CONSTRAINT order_lines_quantity_check CHECK (quantity > 0),
    unit_price bigint NOT NULL,
    line_total bigint NOT NULL,
    CONSTRAINT order_lines_pkey PRIMARY KEY (order_id, position)
);

CREATE TABLE timeline_entries (
    order_id uuid NOT NULL CONSTRAINT timeline_entries_order_fkey REFERENCES orders (id),
    position integer NOT NULL,
    at timestamptz NOT NULL,
    event text NOT NULL,
    detail text NOT NULL,
    CONSTRAINT timeline_entries_pkey PRIMARY KEY (order_id, position)
);

CREATE TABLE idempotency_keys (
    customer_id text NOT NULL,
    key text NOT NULL,
    -- SHA-256 of the request.
    fingerprint bytea NOT NULL,
    order_id uuid NOT NULL
        CONSTRAINT idempotency_keys_order_key UNIQUE
        CONSTRAINT idempotency_keys_order_fkey REFERENCES orders (id),
    request_id text NOT NULL,
    -- The order as the first answer showed it. json, not jsonb: it is kept as it was written.
    answer json,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (customer_id, key)
);

CREATE INDEX idempotency_keys_created_idx ON idempotency_keys (created_at);

-- +goose Down
DROP TABLE idempotency_keys;
DROP TABLE timeline_entries;
DROP TABLE order_lines;
DROP TABLE orders;
