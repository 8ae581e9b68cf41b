// Command ferretdb serves MongoDB's wire protocol from SQLite files: the development stand-in for a
// MongoDB server. It has no authentication, so -addr should stay on the loopback interface.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:27017", "host:port to listen on")
	dir := flag.String("dir", "", "folder for the SQLite files; created if missing")
	fast := flag.Bool("fast", false, "let the system write to disk when it likes: for tests")
	copyTo := flag.String("backup", "", "copy the databases in -dir to this `folder`, also while a server runs on them, and end")
	level := slog.LevelWarn
	flag.TextVar(&level, "log", level, "least `level` logged: DEBUG, INFO, WARN or ERROR")
	flag.Parse()

	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	work := func() error { return run(logger, *addr, *dir, *fast) }
	if *copyTo != "" {
		work = func() error { return backup(context.Background(), *dir, *copyTo) }
	}
	if err := work(); err != nil {
		fmt.Fprintln(os.Stderr, "ferretdb:", err)
		os.Exit(1)
	}
}

// run serves on addr until a signal ends it, with one SQLite file per database in dir.
func run(logger *slog.Logger, addr, dir string, fast bool) error {
	if dir == "" {
		return errors.New("no data folder: set -dir")
	}
	// An absolute path, so that the URI below never takes its start for a host.
	dir, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("resolve the data folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	files := url.URL{Scheme: "file", Path: dir + "/"}
	if fast {
		files.RawQuery = url.Values{"_pragma": {"synchronous(off)"}}.Encode()
	}
	// FerretDB itself is reached only through the serializer.
	socket := filepath.Join(os.TempDir(), fmt.Sprintf("ferretdb-%d.sock", os.Getpid()))
	if err := os.RemoveAll(socket); err != nil {
		return fmt.Errorf("remove an old socket: %w", err)
	}
	defer os.RemoveAll(socket)
	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Logger:    logger,
		Handler:   "sqlite",
		SQLiteURL: files.String(),
	})
	if err != nil {
		return fmt.Errorf("start on %s with data in %s: %w", addr, dir, err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	failed := make(chan error, 2)
	go func() { failed <- server.Run(ctx) }()
	go func() { failed <- serialize(ctx, addr, socket) }()
	return <-failed
}
