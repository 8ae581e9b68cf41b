package pgdb_test

import (
	"errors"
	"strings"
	"testing"

	"souk/platform/pgdb"
	"souk/platform/secret"
)

func TestOpenRefusesADatabaseThatIsNotInUTF8(t *testing.T) {
	t.Parallel()
	server := newOwnServerOf(t, 40)
	pool, err := server.open(t.Context(), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), `CREATE DATABASE plain ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0`); err != nil {
		t.Fatal(err)
	}
	address := strings.Replace(server.AdminURL(), "/postgres?", "/plain?", 1)
	_, err = pgdb.Open(t.Context(), pgdb.Config{URL: secret.URL(address), MaxConns: 2, Instances: 1}, migrations, quiet)
	var wrong *pgdb.EncodingError
	if !errors.As(err, &wrong) || wrong.Encoding != "SQL_ASCII" {
		t.Errorf("%v, want an EncodingError", err)
	}
}
