// Command setup prepares the shop in containers: docker-compose.yml runs it before everything else.
//
//	setup         keep the secrets, and make up what is missing
//	setup consul  make Consul know the services' tokens
//	setup show    print the first staff account, as variables of the environment
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"souk/deploy/setup"
	"souk/platform/config"
)

func main() {
	if err := run(strings.Join(os.Args[1:], " ")); err != nil {
		fmt.Fprintln(os.Stderr, "setup:", err)
		os.Exit(1)
	}
}

func run(command string) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	var cfg setup.Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	secrets, err := setup.Keep(cfg)
	if err != nil {
		return err
	}
	switch command {
	case "":
		return secrets.Share(cfg.Volumes)
	case "consul":
		return secrets.Grant(ctx, cfg.ConsulAddr)
	case "show":
		fmt.Printf("SOUK_STAFF_EMAIL=%s\nSOUK_STAFF_PASSWORD=%s\n", cfg.StaffEmail, string(secrets.Staff))
		return nil
	default:
		return fmt.Errorf("unknown command %q", command)
	}
}
