-- +goose Up
-- A country is in the zone that names it, or in the rest of the world.
CREATE TABLE zones (
    country text PRIMARY KEY,
    zone    text NOT NULL CONSTRAINT zones_zone CHECK (zone IN ('domestic', 'europe'))
);

CREATE TABLE options (
    id       text    PRIMARY KEY,
    zone     text    NOT NULL CONSTRAINT options_zone CHECK (zone IN ('domestic', 'europe', 'world')),
    carrier  text    NOT NULL,
    service  text    NOT NULL,
    min_days integer NOT NULL,
    max_days integer NOT NULL,
    CONSTRAINT options_days CHECK (0 < min_days AND min_days <= max_days)
);

-- A parcel costs the price of the smallest band that holds it. Past the last band each further kilogram, begun,
-- costs extra_per_kg.
CREATE TABLE bands (
    option_id    text   NOT NULL REFERENCES options (id),
    up_to_grams  bigint NOT NULL,
    price        bigint NOT NULL CONSTRAINT bands_price_not_negative CHECK (price >= 0),
    extra_per_kg bigint NOT NULL CONSTRAINT bands_extra_not_negative CHECK (extra_per_kg >= 0),
    PRIMARY KEY (option_id, up_to_grams)
);

CREATE TABLE shipments (
    id              uuid        PRIMARY KEY,
    order_id        uuid        NOT NULL CONSTRAINT shipments_order UNIQUE,
    option_id       text        NOT NULL REFERENCES options (id),
    carrier         text        NOT NULL,
    service         text        NOT NULL,
    tracking_number text        NOT NULL,
    status          text        NOT NULL,
    created_at      timestamptz NOT NULL,
    tracked_at      timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX shipments_moving ON shipments (tracked_at) WHERE status <> 'delivered';

CREATE TABLE tracking_events (
    shipment_id uuid        NOT NULL REFERENCES shipments (id),
    status      text        NOT NULL,
    at          timestamptz NOT NULL,
    detail      text        NOT NULL,
    PRIMARY KEY (shipment_id, status)
);

INSERT INTO zones (country, zone)
SELECT 'GB', 'domestic'
UNION ALL
SELECT unnest(string_to_array('AD AL AT BA BE BG CH CY CZ DE DK EE ES FI FO FR GG GI GR HR HU IE IM IS IT JE LI LT LU LV MC MD ME MK MT NL NO PL PT RO RS SE SI SK SM UA VA XK', ' ')), 'europe';

INSERT INTO options (id, zone, carrier, service, min_days, max_days) VALUES
    ('royal-standard', 'domestic', 'Royal Post', 'Standard', 2, 4),
    ('royal-express', 'domestic', 'Royal Post', 'Express', 1, 2),
    ('courier-next-day', 'domestic', 'Souk Courier', 'Next day', 1, 1),
    ('europe-standard', 'europe', 'Royal Post', 'Europe standard', 4, 8),
    ('europe-express', 'europe', 'Souk Courier', 'Europe express', 2, 3),
    ('world-standard', 'world', 'Royal Post', 'World standard', 7, 15),
    ('world-express', 'world', 'Souk Courier', 'World express', 3, 5);

INSERT INTO bands (option_id, up_to_grams, price, extra_per_kg) VALUES
    ('royal-standard', 1000, 345, 0), ('royal-standard', 5000, 595, 0), ('royal-standard', 20000, 1095, 60),
    ('royal-express', 1000, 545, 0), ('royal-express', 5000, 895, 0), ('royal-express', 20000, 1695, 95),
    ('courier-next-day', 1000, 795, 0), ('courier-next-day', 5000, 1195, 0), ('courier-next-day', 20000, 2195, 140),
    ('europe-standard', 1000, 995, 0), ('europe-standard', 5000, 1695, 0), ('europe-standard', 20000, 3495, 190),
    ('europe-express', 1000, 1995, 0), ('europe-express', 5000, 3295, 0), ('europe-express', 20000, 6495, 380),
    ('world-standard', 1000, 1495, 0), ('world-standard', 5000, 3495, 0), ('world-standard', 20000, 8995, 520),
    ('world-express', 1000, 3495, 0), ('world-express', 5000, 6995, 0), ('world-express', 20000, 14995, 890);

-- +goose Down
DROP TABLE tracking_events;
DROP TABLE shipments;
DROP TABLE bands;
DROP TABLE options;
DROP TABLE zones;
