package setup

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

var errNotOurs = errors.New("the server knows neither the superuser's password nor the service's as a superuser's")

// owned lists the objects that the role $1 owns in the database, without those of PostgreSQL's own schemas and of extensions,
// in the form for ALTER … OWNER TO. A column's sequence follows its table.
const owned = `
	SELECT format('SCHEMA %I', nspname) FROM pg_namespace
	WHERE nspowner = $1::regrole AND nspname !~ '^pg_' AND nspname <> 'information_schema'
	UNION ALL
	SELECT format('TABLE %s', c.oid::regclass) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE c.relowner = $1::regrole AND c.relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND nspname !~ '^pg_' AND nspname <> 'information_schema'
		AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = c.oid
			AND (deptype = 'e' OR deptype IN ('a', 'i') AND c.relkind = 'S' AND refclassid = 'pg_class'::regclass))
	UNION ALL
	SELECT format('ROUTINE %s', p.oid::regprocedure) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE p.proowner = $1::regrole AND nspname !~ '^pg_' AND nspname <> 'information_schema'
		AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_proc'::regclass AND objid = p.oid AND deptype = 'e')
	UNION ALL
	SELECT format('TYPE %s', t.oid::regtype) FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
	WHERE t.typowner = $1::regrole AND nspname !~ '^pg_' AND nspname <> 'information_schema'
		AND (t.typtype IN ('d', 'e', 'r') OR c.relkind = 'c')
		AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_type'::regclass AND objid = t.oid AND deptype = 'e')`

// upgrade converts a database in which the service is the superuser. Afterwards the service is a plain role that owns the
// database. The superuser with which the server was created cannot become a plain role, so it is renamed, and a new role takes
// its name. It is done in one transaction.
func upgrade(ctx context.Context, db Database) error {
	old, err := connect(ctx, db, db.Service, db.Password)
	if refused(err) {
		return errNotOurs
	}
	if err != nil {
		return err
	}
	defer func() { _ = old.Close(context.WithoutCancel(ctx)) }()
	var superuser bool
	if err := old.QueryRow(ctx, `SELECT rolsuper FROM pg_roles WHERE rolname = current_user`).Scan(&superuser); err != nil {
		return err
	}
	if !superuser {
		return errNotOurs
	}
	return inTransaction(ctx, old, func(tx pgx.Tx) error { return takeOver(ctx, tx, db) })
}

func takeOver(ctx context.Context, tx pgx.Tx, db Database) error {
	for _, statement := range []string{
		// A session cannot rename its own role, so this session switches to another one.
		`CREATE ROLE souk_upgrade SUPERUSER`,
		`SET LOCAL SESSION AUTHORIZATION souk_upgrade`,
		`ALTER ROLE %1$I RENAME TO %2$I`,
		`ALTER ROLE %2$I PASSWORD %3$L`,
		`CREATE ROLE %1$I`,
	} {
		if err := execFormat(ctx, tx, statement, db.Service, postgresSuperuser, string(db.Superuser)); err != nil {
			return err
		}
	}
	rows, err := tx.Query(ctx, owned, postgresSuperuser)
	if err != nil {
		return err
	}
	objects, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, object := range objects {
		if _, err := tx.Exec(ctx, fmt.Sprintf("ALTER %s OWNER TO %s", object, pgx.Identifier{db.Service}.Sanitize())); err != nil {
			return fmt.Errorf("hand over %s: %w", object, err)
		}
	}
	for _, statement := range []string{`RESET SESSION AUTHORIZATION`, `DROP ROLE souk_upgrade`} {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
	}
	return makeRole(ctx, tx, db)
}
