// Package roster is the one list of the shop's services. Go code that starts, grants, prepares or tests every service takes them from
// here. Files that cannot, such as go.work and docker-compose.yml, are held against it by tests in e2e/structure and deploy/setup.
package roster

// Database is a kind of database.
type Database string

// The kinds of databases that services keep their data in.
const (
	PostgreSQL Database = "PostgreSQL"
	MongoDB    Database = "MongoDB"
)

// services are the services of the shop, by name, with their databases. The name of a service is also that of its folder in services/, of
// its database, and of its instances in Consul. A service that calls others comes after them, because the shop is stopped in the
// reverse order.
var services = []struct {
	name     string
	database Database
}{
	{"catalog", PostgreSQL},
	{"customers", MongoDB},
	{"carts", PostgreSQL},
	{"inventory", PostgreSQL},
	{"payments", PostgreSQL},
	{"shipping", PostgreSQL},
	{"orders", PostgreSQL},
	{"recommendations", PostgreSQL},
}

// Names returns the names of all services.
func Names() []string {
	var names []string
	for _, s := range services {
		names = append(names, s.name)
	}
	return names
}

// On returns the names of the services that keep their data in that kind of database.
func On(database Database) []string {
	var names []string
	for _, s := range services {
		if s.database == database {
			names = append(names, s.name)
		}
	}
	return names
}
