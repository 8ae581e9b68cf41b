package postgres_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/catalog/internal/catalog"
	"souk/services/catalog/internal/postgres"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// crowd is the application name of the tests' connections in PostgreSQL.
const crowd = "crowd"

// open returns a service and its pool, which has as many connections as in the shop, on the database of config.
func open(t *testing.T, config *pgxpool.Config) (*catalog.Service, *pgxpool.Pool) {
	t.Helper()
	config = config.Copy()
	config.MaxConns = 10
	config.ConnConfig.RuntimeParams["application_name"] = crowd
	pool, err := pgxpool.NewWithConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	return catalog.New(postgres.New(pool), "GBP"), pool
}

func setup(t *testing.T) (*catalog.Service, *pgxpool.Pool) {
	t.Helper()
	return open(t, pgtest.New(t, postgres.Migrations).Config())
}

func exec(t *testing.T, pool *pgxpool.Pool, sql string, args ...any) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// fill adds n products of about 2 kB with 3 variants each. All contain the word metal, half of them brass, one in ten tin, and
// one in a hundred pewter, and the oldest twentieth zinc. They have 50 categories and 200 brands. Five have a variant that costs more than 9,000,000; the
// other prices are 100 to 1,000,000. The variants have the sizes S, M and L; one product in a thousand is gold, the others are red or blue.
func fill(t *testing.T, pool *pgxpool.Pool, n int) {
	t.Helper()
	exec(t, pool, price)
	exec(t, pool, color)
	exec(t, pool, `INSERT INTO products (id, slug, title, description, brand, category, category_slug, tags, images, currency, min_price,
			max_price, withdrawn, version, created_at, updated_at, keywords, plain_title, words, words_version,
			option_values, offer, offer_version)
		SELECT lpad(to_hex(i), 32, '0')::uuid, 'product-' || i, title, description, 'Brand ' || i % 200, 'Category ' || i % 50,
			'category-' || i % 50, '{lamp}',
			jsonb_build_array(jsonb_build_object('URL', 'https://images.example/', 'Alt',
				(SELECT string_agg(md5(i::text || k), ' ') FROM generate_series(1, 40) AS k))),
			'GBP', price(i), CASE WHEN i % $1 < 5 THEN 9000001 ELSE price(i) + 2 END, false, 1,
			timestamptz '2026-01-01' + i * interval '1 second', now(), 'lamp', lower(title),
			setweight(to_tsvector('words', title), 'A') || setweight(to_tsvector('words', 'brand lamp category'), 'B') ||
				setweight(to_tsvector('words', description), 'C'), 1,
			offered, array_to_string(offered, chr(30)) || chr(29) || concat_ws(',', price(i), price(i) + 1, CASE WHEN i % $1 < 5 THEN 9000001 ELSE price(i) + 2 END), 1
		FROM generate_series(1, $1::int) AS i, LATERAL (SELECT CASE WHEN i % 2 = 0 THEN 'Brass' ELSE 'Copper' END || ' lamp number ' || i ||
			CASE WHEN i % 100 = 0 THEN ' with pewter' WHEN i % 10 = 1 THEN ' with tin' ELSE '' END ||
			CASE WHEN i <= $1 / 20 THEN ' and zinc' ELSE '' END, repeat('A metal lamp for the hall, made by hand. ', 10))
			AS texts (title, description), LATERAL (SELECT ARRAY['Color' || chr(31) || color(i)] || ARRAY(
				SELECT 'Size' || chr(31) || size FROM unnest('{L,M,S}'::text[]) AS size)) AS values (offered)`, n)
	exec(t, pool, `INSERT INTO vocabulary SELECT unnest('{brass,copper,lamp,number,with,pewter,brand,category}'::text[])`)
	exec(t, pool, `INSERT INTO variants (sku, product_id, position, title, options, price, weight)
		SELECT 'SKU-' || i || '-' || k, lpad(to_hex(i), 32, '0')::uuid, k, 'Size ' || k,
			jsonb_build_array(jsonb_build_object('Name', 'Size', 'Value', (ARRAY['S', 'M', 'L'])[k + 1]), jsonb_build_object('Name', 'Color', 'Value',
				color(i))),
			CASE WHEN i % $1 < 5 AND k = 2 THEN 9000001 ELSE price(i) + k END, 500
		FROM generate_series(1, $1::int) AS i, generate_series(0, 2) AS k`, n)
	if err := catalog.New(postgres.New(pool), "GBP").AddUpCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	exec(t, pool, `VACUUM ANALYZE`)
}

// The functions that compute fill's prices and colors.
const (
	price = `CREATE FUNCTION price(i int) RETURNS bigint LANGUAGE sql IMMUTABLE RETURN 100 + i::bigint * 7919 % 999900`
	color = `CREATE FUNCTION color(i int) RETURNS text LANGUAGE sql IMMUTABLE
		RETURN CASE WHEN i % 1000 = 7 THEN 'Gold' WHEN i % 2 = 0 THEN 'Red' ELSE 'Blue' END`
)

// shopOf returns the configuration of a database with n products.
func shopOf(t *testing.T, n int) *pgxpool.Config {
	t.Helper()
	_, pool := setup(t)
	defer pool.Close()
	start := time.Now()
	fill(t, pool, n)
	t.Logf("measured: %d products were made in %v", n, time.Since(start))
	return pool.Config()
}
