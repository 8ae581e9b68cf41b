// Command inventory serves Souk's inventory service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"souk/services/inventory/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := app.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "inventory:", err)
		os.Exit(1)
	}
}
