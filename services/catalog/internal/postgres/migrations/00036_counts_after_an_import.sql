-- +goose Up
-- The condition id > 0 holds for every change. With it, PostgreSQL reads the changes by their index: after a long import the table is empty,
-- but keeps its pages until a VACUUM can give them back, which has to wait for a moment without readers.
CREATE OR REPLACE VIEW counted_products AS
    SELECT per, category_slug, category, brand, sum(products)::bigint AS products
    FROM (
        SELECT per, category_slug, category, brand, products FROM product_counts
        UNION ALL
        SELECT per, category_slug, category, brand, products FROM product_count_changes WHERE id > 0
    ) AS counts
    GROUP BY per, category_slug, category, brand HAVING sum(products) > 0;

-- +goose Down
CREATE OR REPLACE VIEW counted_products AS
    SELECT per, category_slug, category, brand, sum(products)::bigint AS products
    FROM (
        SELECT per, category_slug, category, brand, products FROM product_counts
        UNION ALL
        SELECT per, category_slug, category, brand, products FROM product_count_changes
    ) AS counts
    GROUP BY per, category_slug, category, brand HAVING sum(products) > 0;
