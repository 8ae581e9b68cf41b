// Command setup prepares the shop in containers. docker-compose.yml runs its commands:
//
//	setup            store the secrets, and generate missing ones
//	setup consul     register the services' tokens in Consul
//	setup databases  give each service a plain role in its database
//	setup demo       fill a new shop with the demo catalog
//	setup kubernetes            in a pod: store the secrets in Kubernetes, and generate missing ones
//	setup kubernetes databases  in a pod: like databases, and store their addresses in Kubernetes
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
	"souk/deploy/setup/cluster"
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
	if inCluster, ok := strings.CutPrefix(name, "kubernetes"); ok {
		return kubernetes(ctx, strings.TrimSpace(inCluster), cfg)
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
		return databases(ctx, cfg, secrets, setup.InVolumes(cfg.Volumes))
	case "show":
		return secrets.Show(os.Stdout, cfg)
	default:
		return fmt.Errorf("unknown command %q", name)
	}
}

func databases(ctx context.Context, cfg setup.Config, secrets *setup.Secrets, store setup.Store) error {
	ctx, cancel := context.WithTimeout(ctx, setup.DatabasesWithin)
	defer cancel()
	return secrets.PrepareDatabases(ctx, slog.New(slog.NewTextHandler(os.Stderr, nil)), cfg, store)
}

// kubernetes runs a command that stores secrets in Kubernetes.
func kubernetes(ctx context.Context, name string, cfg setup.Config) error {
	api, err := cluster.InCluster()
	if err != nil {
		return err
	}
	switch name {
	case "":
		return setup.ShareInCluster(ctx, cfg, api)
	case "databases":
		secrets, err := setup.Keep(cfg)
		if err != nil {
			return err
		}
		return databases(ctx, cfg, secrets, setup.InCluster(api))
	default:
		return fmt.Errorf("unknown command \"kubernetes %s\"", name)
	}
}
