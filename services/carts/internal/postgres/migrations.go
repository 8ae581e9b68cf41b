package postgres

import (
	"embed"

	"souk/platform/pgdb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations contains the goose files of the schema.
var Migrations = pgdb.MigrationsIn(files)
