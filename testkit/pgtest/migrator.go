package pgtest

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"io/fs"

	"github.com/peterldowns/pgtestdb"
	"github.com/pressly/goose/v3"
)

// migrator lets pgtestdb prepare a template database with goose migrations, once for each set of files.
type migrator struct {
	files fs.FS
}

// Hash implements pgtestdb.Migrator.
func (m migrator) Hash() (string, error) {
	hash := sha256.New()
	err := fs.WalkDir(m.files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := fs.ReadFile(m.files, path)
		hash.Write([]byte(path))
		hash.Write(content)
		return err
	})
	return hex.EncodeToString(hash.Sum(nil)), err
}

// Migrate implements pgtestdb.Migrator.
func (m migrator) Migrate(ctx context.Context, db *sql.DB, _ pgtestdb.Config) error {
	provider, err := goose.NewProvider(goose.DialectPostgres, db, m.files)
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
