// Command setup prepares the shop in containers. docker-compose.yml runs its commands:
//
//	setup            store the secrets, and generate missing ones
//	setup consul     register the services' tokens in Consul
//	setup databases  give each service a plain role in its database
//	setup demo       fill a new shop with the demo catalog
//	setup show       print the logins of staff and the demo customer, and a shell command that buys
//	setup wait       wait to be stopped
package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"souk/deploy/setup"
	"souk/platform/config"
)

// The file with the variables that Compose passes to setup.
const given = "/given"

func main() {
	if err := command(strings.Join(os.Args[1:], " ")); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func command(name string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	switch name {
	case "demo":
		return fill(ctx)
	case "wait":
		<-ctx.Done()
		return nil
	}
	if err := setup.LoadGiven(given); err != nil {
		return err
	}
	var cfg setup.Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	secrets, err := setup.Keep(cfg)
	if err != nil {
		return err
	}
	switch name {
	case "":
		return secrets.Share(cfg.Volumes)
	case "consul":
		return secrets.Grant(ctx, cfg.ConsulAddr)
	case "databases":
		ctx, cancel := context.WithTimeout(ctx, setup.DatabasesWithin)
		defer cancel()
		return secrets.PrepareDatabases(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)), cfg.Volumes)
	case "show":
		return secrets.Show(os.Stdout, cfg)
	default:
		return fmt.Errorf("unknown command %q", name)
	}
}
