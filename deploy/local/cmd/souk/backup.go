package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"souk/deploy/local/stack"
)

// backup copies the data of the running shop to a folder, by default to a new one in .souk/backups.
func backup(ctx context.Context, args []string) error {
	cfg, root, err := load()
	if err != nil {
		return err
	}
	to := filepath.Join(root, ".souk", "backups", time.Now().UTC().Format("2006-01-02T15-04-05Z"))
	if len(args) > 0 && args[0] != "" {
		to = args[0]
	}
	report := progress()
	made := stack.Backup{Folder: to, Before: func(_ context.Context, part string) error {
		report("copying " + part)
		return nil
	}}
	if err := made.Make(ctx, cfg); err != nil {
		return err
	}
	fmt.Println("the backup is in", to)
	return nil
}

// restore puts a backup into the state folder of the shop, which must be empty.
func restore(ctx context.Context, args []string) error {
	if len(args) == 0 || args[0] == "" {
		return errors.New("say which backup: make restore FROM=FOLDER")
	}
	cfg, _, err := load()
	if err != nil {
		return err
	}
	cfg.Progress = progress()
	if err := stack.Restore(ctx, cfg, args[0]); err != nil {
		return err
	}
	fmt.Println("the backup is restored to", cfg.Dir)
	fmt.Println("make run starts the shop. Then make audit tells what the moments between the dumps tore apart, and make mend mends it.")
	return nil
}
