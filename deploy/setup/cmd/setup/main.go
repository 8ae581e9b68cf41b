// Command setup prepares the shop in containers, as docker-compose.yml has it do.
//
//	setup            keep the secrets, and make up those that are missing
//	setup consul     tell Consul whose the services' tokens are
//	setup databases  give each service a role of its own in its database
//	setup demo       fill a new shop with the demo catalog
//	setup show       print the first staff account, the demo customer's, and a line of shell that buys
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

// The file of what is given to setup from outside.
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
