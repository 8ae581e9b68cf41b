-- +goose Up
-- The prices of each SKU and when they began. Rows are only added; the last one is the price of now.
CREATE TABLE variant_prices (
    sku     text        NOT NULL,
    since   timestamptz NOT NULL,
    price   bigint      NOT NULL,
    -- Whether it was offered as a reduction, and the lowest price of the 30 days before that; NULL if there was no price.
    reduced boolean     NOT NULL,
    lowest  bigint,
    CONSTRAINT variant_prices_pkey PRIMARY KEY (sku, since)
);

-- +goose StatementBegin
CREATE FUNCTION note_price() RETURNS trigger LANGUAGE plpgsql AS
$$ DECLARE
    latest variant_prices;
    began  timestamptz := clock_timestamp();
BEGIN
    SELECT * INTO latest FROM variant_prices WHERE sku = NEW.sku ORDER BY since DESC LIMIT 1;
    IF latest.sku IS NULL OR latest.price <> NEW.price OR latest.reduced <> (NEW.compare_at IS NOT NULL) THEN
        -- Clocks differ after a failover; the order of the rows must not.
        began := greatest(began, latest.since + interval '1 microsecond');
        latest.lowest := NULL;
        IF NEW.compare_at IS NOT NULL THEN
            -- The prices that began in the 30 days, and the one before them, which was still good when they began.
            SELECT min(price) INTO latest.lowest FROM variant_prices WHERE sku = NEW.sku AND since >= coalesce(
                (SELECT max(since) FROM variant_prices WHERE sku = NEW.sku AND since <= began - interval '30 days'), '-infinity');
        END IF;
        INSERT INTO variant_prices (sku, since, price, reduced, lowest)
            VALUES (NEW.sku, began, NEW.price, NEW.compare_at IS NOT NULL, latest.lowest);
    END IF;
    NEW.lowest_price := latest.lowest;
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- The trigger keeps changes of variants out until the end of this file, so that the first prices miss none. Shoppers read on. A change of
-- a product writes its variants anew, and so did the version before.
CREATE TRIGGER note_price BEFORE INSERT OR UPDATE OF price, compare_at ON variants FOR EACH ROW EXECUTE FUNCTION note_price();

-- The prices of now have been good since the last change of the product at least.
INSERT INTO variant_prices (sku, since, price, reduced)
    SELECT v.sku, p.updated_at, v.price, false FROM variants v JOIN products p ON p.id = v.product_id;

-- +goose Down
DROP TRIGGER note_price ON variants;
DROP FUNCTION note_price;
DROP TABLE variant_prices;
