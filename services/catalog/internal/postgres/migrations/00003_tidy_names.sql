-- +goose Up
-- Brands and categories that differ in blanks or in their Unicode form alone become one, as the catalog writes them now.
UPDATE products SET
    brand = normalize(btrim(regexp_replace(brand, '[\s\u00a0\u3000]+', ' ', 'g')), NFC),
    category = normalize(btrim(regexp_replace(category, '[\s\u00a0\u3000]+', ' ', 'g')), NFC)
WHERE brand ~ '^\s|\s$|\s\s|[\u00a0\u3000]' OR brand IS NOT NFC NORMALIZED
    OR category ~ '^\s|\s$|\s\s|[\u00a0\u3000]' OR category IS NOT NFC NORMALIZED;

-- +goose Down
SELECT 1;
