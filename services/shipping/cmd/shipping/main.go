// Command shipping serves Souk's shipping service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"souk/services/shipping/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := app.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "shipping:", err)
		os.Exit(1)
	}
}
