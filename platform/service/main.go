package service

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// Main is what the main function of a process does: it calls run with a context that ends when the process is told to stop, by SIGINT
// or SIGTERM. An error of run is printed in one line after the process's name, and the process exits with 1. A process that is started
// with --version, or as healthcheck, does that instead, before it reads any setting.
func Main(name string, run func(context.Context) error) {
	if err := untilTold(func(ctx context.Context) error { return do(ctx, name, os.Args, run) }); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", name, err)
		os.Exit(1)
	}
}

func do(ctx context.Context, name string, args []string, run func(context.Context) error) error {
	if done, err := aside(ctx, name, args); done {
		return err
	}
	return run(ctx)
}

func untilTold(run func(context.Context) error) error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	return run(ctx)
}
