package stack

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/deploy/setup/roster"
)

// relational lists the services that get a PostgreSQL database, and documental those that get a MongoDB database. Carts gets both,
// because the version before stored its carts in MongoDB, and the first start copies them from there.
var (
	relational = roster.On(roster.PostgreSQL)
	documental = append(roster.On(roster.MongoDB), "carts")
)

// createDatabases gives each relational service a role and a database that no other role can open.
func createDatabases(ctx context.Context, adminURL string, passwords map[string]string) error {
	admin, err := pgx.Connect(ctx, adminURL)
	if err != nil {
		return fmt.Errorf("create databases: %w", err)
	}
	defer func() { _ = admin.Close(ctx) }()
	// Every cluster has these databases, and at first every role may open them.
	for _, common := range []string{"postgres", "template1"} {
		if _, err := admin.Exec(ctx, "REVOKE CONNECT ON DATABASE "+common+" FROM PUBLIC"); err != nil {
			return fmt.Errorf("close database %s: %w", common, err)
		}
	}
	for _, name := range relational {
		if err := createDatabase(ctx, admin, name, passwords[name]); err != nil {
			return fmt.Errorf("create database %s: %w", name, err)
		}
	}
	return nil
}

func createDatabase(ctx context.Context, admin *pgx.Conn, name, password string) error {
	var roleExists, databaseExists bool
	err := admin.QueryRow(ctx, `SELECT
		EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&roleExists, &databaseExists)
	if err != nil {
		return err
	}
	role := pgx.Identifier{name}.Sanitize()
	var statements []string
	if !roleExists {
		// CREATE ROLE accepts no query parameters. The password needs no quoting, because we generate it from letters and digits.
		statements = append(statements, fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", role, password))
	}
	if !databaseExists {
		statements = append(statements, fmt.Sprintf("CREATE DATABASE %s OWNER %s", role, role))
	}
	statements = append(statements, fmt.Sprintf("REVOKE ALL ON DATABASE %s FROM PUBLIC", role))
	for _, statement := range statements {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}
