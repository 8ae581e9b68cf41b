package main

import (
	"context"
	"os"

	"souk/deploy/local/stack"
)

// staff makes an account of the running shop a staff account, and prints its new password.
func staff(ctx context.Context, args []string) error {
	cfg, _, err := load()
	if err != nil {
		return err
	}
	return stack.Staff(ctx, cfg, args, os.Stdout)
}
