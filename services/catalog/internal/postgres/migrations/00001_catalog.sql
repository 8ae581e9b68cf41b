-- +goose Up
CREATE TABLE products (
    id            uuid        PRIMARY KEY,
    slug          text        NOT NULL CONSTRAINT products_slug UNIQUE,
    title         text        NOT NULL,
    description   text        NOT NULL,
    brand         text        NOT NULL,
    category      text        NOT NULL,
    category_slug text        NOT NULL,
    tags          text[]      NOT NULL,
    images        jsonb       NOT NULL,
    -- Prices are minor units of this currency.
    currency      text        NOT NULL,
    min_price     bigint      NOT NULL,
    max_price     bigint      NOT NULL,
    withdrawn     boolean     NOT NULL,
    version       bigint      NOT NULL,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    -- What a search should find besides the texts: tags, SKUs, options.
    keywords      text        NOT NULL,
    search        tsvector    NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english'::regconfig, title), 'A') ||
        setweight(to_tsvector('english'::regconfig, brand || ' ' || category || ' ' || keywords), 'B') ||
        setweight(to_tsvector('english'::regconfig, description), 'C')
    ) STORED
);
CREATE INDEX products_search ON products USING gin (search);
CREATE INDEX products_newest ON products (created_at, id) WHERE NOT withdrawn;
CREATE INDEX products_price ON products (min_price, id) WHERE NOT withdrawn;
CREATE INDEX products_title ON products (lower(title), id) WHERE NOT withdrawn;
CREATE INDEX products_category ON products (category_slug) WHERE NOT withdrawn;

CREATE TABLE variants (
    sku        text    CONSTRAINT variants_sku PRIMARY KEY,
    product_id uuid    NOT NULL REFERENCES products (id) ON DELETE CASCADE,
    position   integer NOT NULL,
    title      text    NOT NULL,
    options    jsonb   NOT NULL,
    price      bigint  NOT NULL CONSTRAINT variants_price_not_negative CHECK (price >= 0),
    weight     bigint  NOT NULL CONSTRAINT variants_weight_not_negative CHECK (weight >= 0)
);
CREATE INDEX variants_product ON variants (product_id, position);

-- +goose Down
DROP TABLE variants;
DROP TABLE products;
