package setup

import (
	"context"
	"errors"
	"log/slog"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"souk/platform/pgdb"
	"souk/platform/secret"
)

// Database is a server with the database of one service. The database and the service's role are named after the service.
type Database struct {
	Addr, Service string
	// Password is the password of the service's role, Superuser that of the superuser.
	Password, Superuser secret.Text
}

// The default superuser of PostgreSQL's official image.
const postgresSuperuser = "postgres"

// PreparePostgres makes the service's role the owner of its database only. The role may create everything that migrations need,
// including trusted extensions. If the password has changed, the role gets the new one.
//
// In a volume of an earlier version, the service's role is the superuser. It is renamed and gets the superuser's password, and
// a new plain role takes over its name and everything it owns.
func PreparePostgres(ctx context.Context, logger *slog.Logger, db Database) error {
	return pgdb.Await(ctx, logger, func(ctx context.Context) error { return preparePostgres(ctx, logger, db) })
}

func preparePostgres(ctx context.Context, logger *slog.Logger, db Database) error {
	admin, err := connect(ctx, db, postgresSuperuser, db.Superuser)
	if refused(err) {
		logger.InfoContext(ctx, "the database is one of an earlier version", "service", db.Service)
		if err := upgrade(ctx, db); err != nil {
			return err
		}
		admin, err = connect(ctx, db, postgresSuperuser, db.Superuser)
	}
	if err != nil {
		return err
	}
	defer func() { _ = admin.Close(context.WithoutCancel(ctx)) }()
	return inTransaction(ctx, admin, func(tx pgx.Tx) error { return makeRole(ctx, tx, db) })
}

// makeRole creates the service's role and database.
func makeRole(ctx context.Context, tx pgx.Tx, db Database) error {
	var exists bool
	if err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)`, db.Service).Scan(&exists); err != nil {
		return err
	}
	if !exists {
		if err := execFormat(ctx, tx, `CREATE ROLE %1$I`, db.Service); err != nil {
			return err
		}
	}
	for _, statement := range []string{
		`ALTER ROLE %1$I LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD %2$L`,
		`ALTER DATABASE %1$I OWNER TO %1$I`,
		`REVOKE ALL ON DATABASE %1$I FROM PUBLIC`,
		`REVOKE CONNECT ON DATABASE postgres, template1 FROM PUBLIC`,
	} {
		if err := execFormat(ctx, tx, statement, db.Service, string(db.Password)); err != nil {
			return err
		}
	}
	return nil
}

// execFormat runs a statement that cannot have parameters. PostgreSQL's function format inserts the values: the first as a name
// for %1$I, the second as a string for %2$L.
func execFormat(ctx context.Context, tx pgx.Tx, statement string, values ...string) error {
	var text string
	if err := tx.QueryRow(ctx, `SELECT format($1, VARIADIC $2::text[])`, statement, values).Scan(&text); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, text)
	return err
}

// connect connects to the service's database as a role.
func connect(ctx context.Context, db Database, role string, password secret.Text) (*pgx.Conn, error) {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, string(password)), Host: db.Addr, Path: db.Service, RawQuery: "sslmode=disable"}
	cfg, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, cfg)
}

// refused reports whether the server refused the role or its password.
func refused(err error) bool {
	var answer *pgconn.PgError
	return errors.As(err, &answer) && (answer.Code == "28P01" || answer.Code == "28000")
}

// inTransaction runs work in a transaction. PostgreSQL does not log its failed statements, because they may contain a password.
func inTransaction(ctx context.Context, conn *pgx.Conn, work func(pgx.Tx) error) error {
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		for _, setting := range []string{"log_min_error_statement = panic", "log_statement = none", "log_min_duration_statement = -1"} {
			if _, err := tx.Exec(ctx, "SET LOCAL "+setting); err != nil {
				return err
			}
		}
		return work(tx)
	})
}
