package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"souk/testkit/devserver"
)

// The names in the folder of a backup.
const (
	secretsFile = "secrets.json"
	dumpSuffix  = ".dump"
)

// Backup is a copy of the data of a shop: a dump of each PostgreSQL database, the databases of FerretDB, and the secrets. Each part is of one
// moment, and the shop sells on between these moments. Consul is not backed up, because a new one gets all that it needs from the secrets.
type Backup struct {
	// Folder is where the backup is made, which must be empty or missing.
	Folder string
	// Parts are the databases in the order in which they are copied. None means all of BackupParts.
	Parts []string
	// Before is called before each part is copied. May be nil.
	Before func(ctx context.Context, part string) error
}

// BackupParts returns the databases of a shop in the order in which a backup copies them. The database of orders is copied after those of
// the services that act for orders. So it has every order that the others know, and can have the others do again what they have forgotten.
// A lost order could not be made anew, because no other service knows its prices and its address. The accounts are copied last, so that each
// order has its customer.
func BackupParts() []string {
	const last = "orders"
	parts := slices.DeleteFunc(slices.Clone(relational), func(name string) bool { return name == last })
	return append(parts, last, Mongo)
}

// Make makes the backup of the shop that cfg describes, which must be running.
func (b Backup) Make(ctx context.Context, cfg Config) error {
	if devserver.CheckPort(cfg.PostgresPort) == nil {
		return errors.New("no shop is running here; start it with make run")
	}
	secrets, err := readSecrets(cfg.path(secretsFile))
	if err != nil {
		return err
	}
	if err := makeEmpty(b.Folder); err != nil {
		return err
	}
	if b.Parts == nil {
		b.Parts = BackupParts()
	}
	made := manifest{}
	for _, part := range b.Parts {
		if b.Before != nil {
			if err := b.Before(ctx, part); err != nil {
				return err
			}
		}
		if err := b.copyPart(ctx, &made, cfg, secrets, part); err != nil {
			return fmt.Errorf("back up %s: %w", part, err)
		}
	}
	if err := copyFile(cfg.path(secretsFile), filepath.Join(b.Folder, secretsFile)); err != nil {
		return err
	}
	if err := made.add(b.Folder, secretsFile, time.Now()); err != nil {
		return err
	}
	return made.write(b.Folder)
}

// copyPart copies a database and adds its files to the manifest.
func (b Backup) copyPart(ctx context.Context, made *manifest, cfg Config, s secrets, part string) error {
	at := time.Now()
	if part == Mongo {
		if err := devserver.BackUpMongo(ctx, cfg.path("mongo"), filepath.Join(b.Folder, Mongo)); err != nil {
			return err
		}
		return made.addFolder(b.Folder, Mongo, at)
	}
	name := part + dumpSuffix
	if err := dump(ctx, databaseOf(cfg.PostgresPort, part, s), filepath.Join(b.Folder, name)); err != nil {
		return err
	}
	return made.add(b.Folder, name, at)
}

// makeEmpty makes a folder that only its owner can read. It returns an error if the folder has files.
func makeEmpty(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return err
	}
	entries, err := os.ReadDir(folder)
	if err == nil && len(entries) > 0 {
		err = fmt.Errorf("%s is not empty", folder)
	}
	return err
}

// copyFile copies a file to a new one that only its owner can read.
func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}
