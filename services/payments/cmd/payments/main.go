// Command payments serves Souk's payments service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"souk/services/payments/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := app.Run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "payments:", err)
		os.Exit(1)
	}
}
