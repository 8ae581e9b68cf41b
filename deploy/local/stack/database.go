package stack

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"souk/deploy/setup/roster"
)

// relational are the services that keep their data in PostgreSQL, and documental those that are told of a database of the MongoDB
// protocol. Carts is among both, because it had a MongoDB before, whose carts it copies at its first start.
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
	// PUBLIC may open the databases that every cluster comes with, until it is told otherwise.
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
		// The password is letters and digits of our own making; DDL takes no parameters.
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
