-- +goose Up
-- The transaction of a product's last change, for the feed of changes (platform/pgfeed).
ALTER TABLE products ADD COLUMN changed xid8 NOT NULL DEFAULT '0';

-- +goose StatementBegin
CREATE FUNCTION note_product_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    NEW.changed := pg_current_xact_id();
    RETURN NEW;
END $$;
-- +goose StatementEnd

-- A product's version changes with its variants, so that products alone need the trigger.
CREATE TRIGGER note_product_change BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION note_product_change();

-- +goose Down
DROP TRIGGER note_product_change ON products;
DROP FUNCTION note_product_change;
ALTER TABLE products DROP COLUMN changed;
