package growth

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// reference is a foreign key of a table.
type reference struct {
	Table, Name, Definition string
}

// withoutReferences drops the foreign keys of tables, calls load, and makes them again. PostgreSQL checks all rows at once then, which
// takes half as long as checking each when it is written.
func withoutReferences(ctx context.Context, database *pgx.Conn, tables []string, load func() error) error {
	rows, err := database.Query(ctx, `SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
		FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (SELECT t::regclass FROM unnest($1::text[]) t)`, tables)
	if err != nil {
		return err
	}
	references, err := pgx.CollectRows(rows, pgx.RowToStructByPos[reference])
	if err != nil {
		return err
	}
	for _, r := range references {
		if _, err := database.Exec(ctx, fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", r.Table, r.Name)); err != nil {
			return fmt.Errorf("drop %s: %w", r.Name, err)
		}
	}
	errs := []error{load()}
	for _, r := range references {
		_, err := database.Exec(ctx, fmt.Sprintf("ALTER TABLE %s ADD CONSTRAINT %s %s", r.Table, r.Name, r.Definition))
		if err != nil {
			errs = append(errs, fmt.Errorf("make %s again: %w", r.Name, err))
		}
	}
	return errors.Join(errs...)
}
