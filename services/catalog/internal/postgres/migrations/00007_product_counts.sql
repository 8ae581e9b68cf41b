-- +goose Up
-- How many products on sale each category has, each brand, and each pair of the two; "per" says which of these a row is about. What a
-- row is not about is empty.
CREATE TABLE product_counts (
    per           text   NOT NULL,
    category_slug text   NOT NULL,
    category      text   NOT NULL,
    brand         text   NOT NULL,
    products      bigint NOT NULL,
    CONSTRAINT product_counts_pkey PRIMARY KEY (per, category_slug, brand, category)
);
CREATE INDEX product_counts_brand ON product_counts (per, brand);

-- What is still to be added to the counts. A change of a product only adds rows here, so that changes do not wait for each other.
CREATE TABLE product_count_changes (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    per           text   NOT NULL,
    category_slug text   NOT NULL,
    category      text   NOT NULL,
    brand         text   NOT NULL,
    products      bigint NOT NULL
);

-- The counts as they are.
CREATE VIEW counted_products AS
    SELECT per, category_slug, category, brand, sum(products)::bigint AS products
    FROM (
        SELECT per, category_slug, category, brand, products FROM product_counts
        UNION ALL
        SELECT per, category_slug, category, brand, products FROM product_count_changes
    ) AS counts
    GROUP BY per, category_slug, category, brand HAVING sum(products) > 0;

-- +goose StatementBegin
CREATE FUNCTION count_product() RETURNS trigger LANGUAGE plpgsql AS
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

-- The triggers keep other changes of products out until the end of this file, so that the first counts miss none. Shoppers read on.
CREATE TRIGGER count_product AFTER INSERT OR DELETE ON products FOR EACH ROW EXECUTE FUNCTION count_product();
CREATE TRIGGER count_changed_product AFTER UPDATE ON products FOR EACH ROW
    WHEN ((OLD.category_slug, OLD.category, OLD.brand, OLD.withdrawn)
        IS DISTINCT FROM (NEW.category_slug, NEW.category, NEW.brand, NEW.withdrawn))
    EXECUTE FUNCTION count_product();

INSERT INTO product_counts (per, category_slug, category, brand, products)
    SELECT CASE GROUPING(category, brand) WHEN 0 THEN 'both' WHEN 1 THEN 'category' ELSE 'brand' END,
        coalesce(category_slug, ''), coalesce(category, ''), coalesce(brand, ''), count(*)
    FROM products WHERE NOT withdrawn GROUP BY GROUPING SETS ((category_slug, category), (brand), (category_slug, category, brand));

-- +goose Down
DROP TRIGGER count_changed_product ON products;
DROP TRIGGER count_product ON products;
DROP FUNCTION count_product;
DROP VIEW counted_products;
DROP TABLE product_count_changes;
DROP TABLE product_counts;
