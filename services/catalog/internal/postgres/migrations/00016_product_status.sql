-- +goose Up
-- Drafts and scheduled products are "withdrawn" as well, so that the indexes of products on sale and instances of the version before
-- hide them. Most products have no status here: they are active, or withdrawn. So the rows of before need no change.
ALTER TABLE products
    ADD COLUMN status text,
    ADD COLUMN publish_at timestamptz,
    ADD CONSTRAINT products_status CHECK (
        CASE status WHEN 'unlisted' THEN NOT withdrawn WHEN 'draft' THEN withdrawn WHEN 'scheduled' THEN withdrawn ELSE status IS NULL END
        AND (publish_at IS NOT NULL) = (status IS NOT DISTINCT FROM 'scheduled')) NOT VALID;

-- An instance of the version before writes only "withdrawn", which therefore decides.
-- +goose StatementBegin
CREATE FUNCTION settle_product_status() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF NEW.withdrawn = (NEW.status = 'unlisted') THEN
        NEW.status := NULL;
    END IF;
    IF NEW.status IS DISTINCT FROM 'scheduled' THEN
        NEW.publish_at := NULL;
    END IF;
    RETURN NEW;
END $$;
-- +goose StatementEnd
CREATE TRIGGER settle_product_status BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE FUNCTION settle_product_status();

-- Unlisted products are not counted.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_product() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP <> 'INSERT' AND NOT OLD.withdrawn AND OLD.status IS NULL THEN
        INSERT INTO product_count_changes (per, category_slug, category, brand, products) VALUES
            ('category', OLD.category_slug, OLD.category, '', -1), ('brand', '', '', OLD.brand, -1),
            ('both', OLD.category_slug, OLD.category, OLD.brand, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NOT NEW.withdrawn AND NEW.status IS NULL THEN
        INSERT INTO product_count_changes (per, category_slug, category, brand, products) VALUES
            ('category', NEW.category_slug, NEW.category, '', 1), ('brand', '', '', NEW.brand, 1),
            ('both', NEW.category_slug, NEW.category, NEW.brand, 1);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER count_changed_product ON products;
CREATE TRIGGER count_changed_product AFTER UPDATE ON products FOR EACH ROW
    WHEN ((OLD.category_slug, OLD.category, OLD.brand, OLD.withdrawn, OLD.status)
        IS DISTINCT FROM (NEW.category_slug, NEW.category, NEW.brand, NEW.withdrawn, NEW.status))
    EXECUTE FUNCTION count_product();

CREATE OR REPLACE FUNCTION count_found(wanted tsquery, most int) RETURNS bigint
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS $$ SELECT count(*) FROM (
        SELECT FROM products WHERE NOT withdrawn AND status IS NULL AND words @@ wanted LIMIT most) AS found $$;

-- +goose Down
CREATE OR REPLACE FUNCTION count_found(wanted tsquery, most int) RETURNS bigint
    LANGUAGE sql STABLE
    SET enable_seqscan = off
    SET enable_indexscan = off
    AS 'SELECT count(*) FROM (SELECT FROM products WHERE NOT withdrawn AND words @@ wanted LIMIT most) AS found';
-- The version before lists what is unlisted, and counts it.
UPDATE products SET status = NULL WHERE status = 'unlisted';
DROP TRIGGER count_changed_product ON products;
CREATE TRIGGER count_changed_product AFTER UPDATE ON products FOR EACH ROW
    WHEN ((OLD.category_slug, OLD.category, OLD.brand, OLD.withdrawn)
        IS DISTINCT FROM (NEW.category_slug, NEW.category, NEW.brand, NEW.withdrawn))
    EXECUTE FUNCTION count_product();
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_product() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN
    IF TG_OP <> 'INSERT' AND NOT OLD.withdrawn THEN
        INSERT INTO product_count_changes (per, category_slug, category, brand, products) VALUES
            ('category', OLD.category_slug, OLD.category, '', -1), ('brand', '', '', OLD.brand, -1),
            ('both', OLD.category_slug, OLD.category, OLD.brand, -1);
    END IF;
    IF TG_OP <> 'DELETE' AND NOT NEW.withdrawn THEN
        INSERT INTO product_count_changes (per, category_slug, category, brand, products) VALUES
            ('category', NEW.category_slug, NEW.category, '', 1), ('brand', '', '', NEW.brand, 1),
            ('both', NEW.category_slug, NEW.category, NEW.brand, 1);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
DROP TRIGGER settle_product_status ON products;
DROP FUNCTION settle_product_status;
ALTER TABLE products DROP CONSTRAINT products_status, DROP COLUMN publish_at, DROP COLUMN status;
