package pgdb

import (
	"fmt"
	"testing"
)

func TestShortNamesOfStatements(t *testing.T) {
	t.Parallel()
	for sql, want := range map[string]string{
		"SELECT id FROM orders WHERE id = $1":                                       "SELECT orders",
		"\n\tselect 1\n\tfrom \"order_lines\"":                                      "SELECT order_lines",
		"INSERT INTO orders (id) VALUES ($1)":                                       "INSERT orders",
		"UPDATE orders SET due_at = now() WHERE id IN (SELECT id FROM claims)":      "UPDATE orders",
		"WITH moved AS (UPDATE payments SET status = $1) INSERT INTO ledger VALUES": "UPDATE payments",
		"WITH asked AS (SELECT * FROM unnest($1::text[])) INSERT INTO holds SELECT": "INSERT holds",
		"SELECT * FROM unnest($1::text[]) AS line JOIN levels USING (sku)":          "SELECT levels",
		"SELECT id FROM jobs FOR UPDATE SKIP LOCKED":                                "SELECT jobs",
		"WITH due AS (SELECT id FROM jobs FOR NO KEY UPDATE) UPDATE jobs SET":       "UPDATE jobs",
		"INSERT INTO carts(id) VALUES ($1) ON CONFLICT (id) DO UPDATE SET n = 1":    "INSERT carts",
		"DELETE FROM ONLY keys":                                                     "DELETE keys",
		"begin":                                                                     "BEGIN",
		"":                                                                          "empty",
	} {
		if got := shortName(sql); got != want {
			t.Errorf("%q: %q, want %q", sql, got, want)
		}
	}
}

func TestTheNumberOfNamesIsBounded(t *testing.T) {
	t.Parallel()
	var n statementNames
	for i := range 2 * mostNames {
		n.of(fmt.Sprintf("SELECT %d FROM table_%d", i, i))
	}
	if len(n.known) != mostNames || n.of("SELECT 1 FROM late") != "other" || n.of("SELECT 0 FROM table_0") != "SELECT table_0" {
		t.Errorf("%d names", len(n.known))
	}
}
