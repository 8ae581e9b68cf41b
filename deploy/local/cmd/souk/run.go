package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"souk/deploy/local/stack"
	"souk/deploy/setup/demo"
	"souk/platform/config"
	"souk/testkit/devserver"
)

// How long everything may take to stop.
const stopWithin = 40 * time.Second

// load reads the settings and finds the repository.
func load() (cfg stack.Config, root string, err error) {
	if err := config.Load(&cfg); err != nil {
		return cfg, "", err
	}
	if root, err = devserver.RepoRoot(); err != nil {
		return cfg, "", err
	}
	if cfg.Dir == "" {
		cfg.Dir = filepath.Join(root, ".souk", "run")
	}
	if cfg.Dir, err = filepath.Abs(cfg.Dir); err != nil {
		return cfg, "", err
	}
	cfg.BinDir = filepath.Join(root, ".souk", "bin")
	return cfg, root, nil
}

// run runs the shop. assignments set the number of instances of services, and whether the shop is observed.
func run(ctx context.Context, assignments []string) error {
	cfg, root, err := load()
	if err != nil {
		return err
	}
	if cfg.Observe, assignments, err = stack.ParseObserve(assignments); err != nil {
		return err
	}
	if cfg.Replicas, err = stack.ParseReplicas(assignments); err != nil {
		return err
	}
	cfg.Source, cfg.Progress = root, progress()
	shop, err := stack.Start(ctx, cfg)
	if err != nil {
		return interrupted(ctx, err)
	}
	err = serve(ctx, shop, cfg)
	cfg.Progress("stopping")
	stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(interrupted(ctx, err), shop.Stop(stopCtx))
}

// serve fills the shop, prints how to use it, and waits for Ctrl-C.
func serve(ctx context.Context, shop *stack.Stack, cfg stack.Config) error {
	access := demo.Shop{
		URL: shop.URL(), ClientID: stack.Demo, ClientSecret: shop.ClientSecret(stack.Demo),
		CustomerEmail: demo.CustomerEmail, CustomerPassword: shop.CustomerPassword(),
	}
	imported, filled, err := demo.FillNew(ctx, access, demo.Catalog)
	if err != nil {
		return err
	}
	if filled {
		cfg.Progress(fmt.Sprintf("demo catalog: %d products, %d variants", imported.Products, imported.Variants))
	}
	fmt.Print(welcome(access, shop.StaffEmail(), shop.StaffPassword(), shop.ConsulAddr(), filepath.Join(cfg.Dir, "logs"), cmp.Or(shop.MailsURL(), "sent through SOUK_SMTP_ADDR"), observers(shop, cfg.Observe)))
	failed := shop.Failed(ctx)
	for {
		select {
		case <-ctx.Done():
			return nil
		case line := <-failed:
			fmt.Fprintln(os.Stderr, line)
		}
	}
}

// observers returns the lines of the welcome with the addresses of Prometheus and Jaeger.
func observers(shop *stack.Stack, observe bool) string {
	if !observe {
		return ""
	}
	return fmt.Sprintf(`
  metrics   http://%s
  traces    http://%s`, shop.PrometheusAddr(), shop.JaegerAddr())
}

func welcome(shop demo.Shop, staffEmail, staffPassword, consul, logs, mails, observers string) string {
	return fmt.Sprintf(`
Souk is open at %s

  docs      %s/docs
  customer  %s  %s
  staff     %s  %s
  mails     %s
  consul    http://%s
  logs      %s%s

Buy a mug:

  %s

Ctrl-C stops everything; the data stays until make reset.
`, shop.URL, shop.URL, shop.CustomerEmail, shop.CustomerPassword, staffEmail, staffPassword,
		mails, consul, logs, observers, demo.BuyCommand(shop))
}

// progress returns a printer of steps, each with the time since the start.
func progress() func(string) {
	start := time.Now()
	return func(step string) {
		fmt.Printf("%6.1fs  %s\n", time.Since(start).Seconds(), step)
	}
}

// interrupted drops an error that was caused by Ctrl-C.
func interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}
