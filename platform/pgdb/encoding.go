package pgdb

import (
	"context"
	"database/sql"
	"fmt"
)

// EncodingError says that a database cannot store the letters of all scripts.
type EncodingError struct{ Encoding string }

func (e *EncodingError) Error() string {
	return fmt.Sprintf("the database has the encoding %s instead of UTF8; make a new one: CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", e.Encoding)
}

// checkEncoding returns an *EncodingError unless the database has the encoding UTF8.
func checkEncoding(ctx context.Context, db *sql.DB) error {
	var e EncodingError
	if err := db.QueryRowContext(ctx, `SELECT current_setting('server_encoding')`).Scan(&e.Encoding); err != nil {
		return fmt.Errorf("read the encoding: %w", err)
	}
	if e.Encoding != "UTF8" {
		return &e
	}
	return nil
}
