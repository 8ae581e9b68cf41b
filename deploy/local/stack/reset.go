package stack

import (
	"errors"
	"os"

	"souk/testkit/devserver"
)

// Reset deletes the data of a shop that is not running.
func Reset(cfg Config) error {
	if err := os.MkdirAll(cfg.Dir, 0o755); err != nil {
		return err
	}
	lock, err := acquire(cfg.path("lock"))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	// If root runs the shop, PostgreSQL runs as another user. If that user cannot enter the folder, the data is stored elsewhere.
	postgres, err := devserver.PostgresDataDir(cfg.path("postgres"))
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(postgres), os.RemoveAll(cfg.Dir))
}
