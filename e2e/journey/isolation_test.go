package journey

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"souk/deploy/setup/roster"
)

func TestARoleOpensNoDatabaseButItsOwn(t *testing.T) {
	t.Parallel()
	if running == nil {
		t.Skip("the databases of a shop that SOUK_URL names are not reachable from here")
	}
	services := roster.On(roster.PostgreSQL)
	for _, role := range services {
		for _, database := range append(services, "postgres") {
			conn, err := pgx.Connect(t.Context(), running.DatabaseURL(role, database))
			if err == nil {
				_ = conn.Close(t.Context())
			}
			if role == database && err != nil {
				t.Errorf("%s cannot open its own database: %v", role, err)
			}
			if role != database && err == nil {
				t.Errorf("%s can open the database %s", role, database)
			}
		}
	}
}
