package stack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"souk/testkit/devserver"
)

// Restore puts a backup into the folder of the shop that cfg describes, so that Start starts it. It refuses a shop that is running or has
// data. If it fails, the folder has no data.
func Restore(ctx context.Context, cfg Config, folder string) error {
	backup, err := readManifest(folder)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.path("logs"), 0o755); err != nil {
		return err
	}
	lock, err := acquire(cfg.path("lock"))
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close() }()
	if err := checkEmpty(cfg); err != nil {
		return err
	}
	if err := fill(ctx, cfg, folder, backup); err != nil {
		return errors.Join(err, removeData(cfg))
	}
	return nil
}

// data returns the files and folders in which a shop stores its data.
func data(cfg Config) ([]string, error) {
	// If root runs the shop, PostgreSQL runs as another user. If that user cannot enter the folder, the data is stored elsewhere.
	postgres, err := devserver.PostgresDataDir(cfg.path("postgres"))
	return []string{postgres, cfg.path("mongo"), cfg.path("consul"), cfg.path("kept"), cfg.path(secretsFile)}, err
}

// checkEmpty returns an error if the shop has data.
func checkEmpty(cfg Config) error {
	paths, err := data(cfg)
	if err != nil {
		return err
	}
	for _, path := range paths {
		if _, err := os.Stat(path); err == nil {
			return fmt.Errorf("the shop in %s has data (%s); make reset deletes it", cfg.Dir, path)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func removeData(cfg Config) error {
	paths, err := data(cfg)
	errs := []error{err}
	for _, path := range paths {
		errs = append(errs, os.RemoveAll(path))
	}
	return errors.Join(errs...)
}

// fill puts the files of a backup in place.
func fill(ctx context.Context, cfg Config, folder string, backup manifest) error {
	var dumps []string
	for _, file := range backup.Files {
		from := filepath.Join(folder, file.Name)
		switch {
		case file.Name == secretsFile:
			if err := copyFile(from, cfg.path(secretsFile)); err != nil {
				return err
			}
		case filepath.Dir(file.Name) == Mongo:
			to := devserver.MongoData(cfg.path("mongo"))
			if err := os.MkdirAll(to, 0o700); err != nil {
				return err
			}
			if err := copyFile(from, filepath.Join(to, filepath.Base(file.Name))); err != nil {
				return err
			}
		default:
			dumps = append(dumps, file.Name)
		}
	}
	return fillPostgres(ctx, cfg, folder, dumps)
}

// fillPostgres makes the cluster with the role and the database of each service, and restores the dumps.
func fillPostgres(ctx context.Context, cfg Config, folder string, dumps []string) (err error) {
	s, err := loadSecrets(cfg.path(secretsFile))
	if err != nil {
		return err
	}
	server, err := devserver.StartPostgres(ctx, devserver.PostgresConfig{
		Dir: cfg.path("postgres"), LogFile: cfg.path("logs", Postgres+".log"), Fast: cfg.Fast, Progress: cfg.Progress,
	})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop(context.WithoutCancel(ctx))) }()
	if err := createDatabases(ctx, server.AdminURL(), s.Databases); err != nil {
		return err
	}
	for _, name := range dumps {
		service := strings.TrimSuffix(name, dumpSuffix)
		if err := restore(ctx, databaseOf(server.Port(), service, s), filepath.Join(folder, name)); err != nil {
			return fmt.Errorf("restore %s: %w", service, err)
		}
		cfg.say("%s is restored", service)
	}
	return nil
}
