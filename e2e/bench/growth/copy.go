package growth

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
)

// table says how the rows of a table are copied: t is a row, and c what is known of a copy.
type table struct {
	name string
	// on joins t and c.
	on string
	// set are expressions for the columns that differ in the copy.
	set map[string]string
	// inOrder is a column of t by which the rows of a copy are ordered, for tables that number their rows.
	inOrder string
}

// copyRows writes a copy of the rows of a table for each row of the temporary table copies.
func copyRows(ctx context.Context, tx pgx.Tx, t table) error {
	columns, err := columnsOf(ctx, tx, t.name)
	if err != nil {
		return fmt.Errorf("copy %s: %w", t.name, err)
	}
	statement, err := t.statement(columns)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, statement); err != nil {
		return fmt.Errorf("copy %s: %w", t.name, err)
	}
	return nil
}

// columnsOf returns the columns that have to be written: not those that PostgreSQL computes or numbers.
func columnsOf(ctx context.Context, tx pgx.Tx, name string) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT attname FROM pg_attribute
		WHERE attrelid = $1::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attidentity = ''
		ORDER BY attnum`, name)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[string])
}

// statement returns the SQL that copies the rows. The oldest copy, which has the highest number, is written first.
func (t table) statement(columns []string) (string, error) {
	for column := range t.set {
		if !slices.Contains(columns, column) {
			return "", fmt.Errorf("copy %s: it has no column %s", t.name, column)
		}
	}
	values := make([]string, len(columns))
	for i, column := range columns {
		values[i] = "t." + column
		if value, ok := t.set[column]; ok {
			values[i] = value
		}
	}
	order := "c.n DESC"
	if t.inOrder != "" {
		order += ", t." + t.inOrder
	}
	return fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM copies c JOIN %s t ON %s ORDER BY %s",
		t.name, strings.Join(columns, ", "), strings.Join(values, ", "), t.name, t.on, order), nil
}
