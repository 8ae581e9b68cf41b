package postgres

import (
	"embed"

	"souk/platform/pgdb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the goose files of the schema, in their order.
var Migrations = pgdb.MigrationsIn(files)
