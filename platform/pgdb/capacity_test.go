package pgdb_test

import (
	"errors"
	"strings"
	"testing"

	"souk/platform/pgdb"
	"souk/platform/secret"
)

func TestOpenFailsIfTheInstancesNeedTooManyConnections(t *testing.T) {
	t.Parallel()
	server := newOwnServerOf(t, 40)
	admin := server.AdminURL()
	open := func(instances, conns int32, address string) error {
		pool, err := pgdb.Open(t.Context(), pgdb.Config{URL: secret.URL(address), MaxConns: conns, Instances: instances}, migrations, quiet)
		if err == nil {
			pool.Close()
		}
		return err
	}
	limited := server.URL("limited", "limited", "postgres")
	for i, test := range []struct {
		instances, conns int32
		address          string
		room             int32
	}{
		// The server reserves 3 of its 40 connections for superusers. An instance needs 2 outside its pool.
		{3, 10, admin, 0},
		{3, 11, admin, 37},
		{1, 35, admin, 0},
		{1, 36, admin, 37},
		{2, 3, limited, 0},
		{2, 4, limited, 10},
	} {
		if i == 1 { // the tables exist by now
			prepareLimited(t, server)
		}
		err := open(test.instances, test.conns, test.address)
		var capacity *pgdb.CapacityError
		switch {
		case test.room == 0 && err != nil:
			t.Errorf("%d × %d: %v", test.instances, test.conns, err)
		case test.room > 0 && (!errors.As(err, &capacity) || capacity.Room != test.room || strings.Contains(err.Error(), "\n")):
			t.Errorf("%d × %d: %v, want room for %d", test.instances, test.conns, err, test.room)
		case err != nil:
			t.Logf("%v", err)
		}
	}
}

// prepareLimited creates a role that may have 10 connections.
func prepareLimited(t *testing.T, server *ownServer) {
	t.Helper()
	pool, err := server.open(t.Context(), migrations)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	for _, statement := range []string{`CREATE ROLE limited LOGIN PASSWORD 'limited' CONNECTION LIMIT 10`, `GRANT ALL ON ALL TABLES IN SCHEMA public TO limited`} {
		if _, err := pool.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
}
