// Command customers serves Souk's customers service. With the arguments staff add EMAIL, or staff promote EMAIL, it makes an
// account one of staff and prints its new password.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"souk/services/customers/internal/app"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "customers:", err)
		os.Exit(1)
	}
}

// run serves until the process is told to stop, or does what the arguments ask for.
func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 {
		return app.Command(ctx, os.Args[1:], os.Stdout)
	}
	return app.Run(ctx)
}
