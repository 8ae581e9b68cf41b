package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"

	_ "modernc.org/sqlite" // the driver that FerretDB uses
)

// backup copies the databases in dir to the folder to, which must have none of them. A server may be writing to dir meanwhile: VACUUM INTO
// reads a database in one transaction, so each copy is of one moment.
func backup(ctx context.Context, dir, to string) error {
	if dir == "" {
		return errors.New("no data folder: set -dir")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.sqlite"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no databases", dir)
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, file := range files {
		if err := copyDatabase(ctx, file, filepath.Join(to, filepath.Base(file))); err != nil {
			return fmt.Errorf("back %s up: %w", file, err)
		}
	}
	return nil
}

func copyDatabase(ctx context.Context, file, to string) error {
	absolute, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	source := url.URL{Scheme: "file", Path: absolute, RawQuery: url.Values{"_pragma": {"busy_timeout(10000)"}}.Encode()}
	db, err := sql.Open("sqlite", source.String())
	if err != nil {
		return err
	}
	defer func() { _ = db.Close() }()
	if _, err := db.ExecContext(ctx, "VACUUM INTO ?", to); err != nil {
		return err
	}
	return os.Chmod(to, 0o600)
}
