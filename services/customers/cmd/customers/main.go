// Command customers serves Souk's customers service. With arguments, it does what an operator needs: it makes an account one of staff, ends
// the signing keys, or ends all sessions.
package main

import (
	"context"
	"os"

	"souk/platform/service"

	"souk/services/customers/internal/app"
)

func main() { service.Main("customers", run) }

// run serves, or does what the arguments ask for.
func run(ctx context.Context) error {
	if len(os.Args) > 1 {
		return app.Command(ctx, os.Args[1:], os.Stdout)
	}
	return app.Run(ctx)
}
