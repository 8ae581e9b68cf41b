package main

import (
	"context"

	"souk/deploy/local/stack"
)

// build compiles the services and the gateway.
func build(ctx context.Context) error {
	cfg, root, err := load()
	if err != nil {
		return err
	}
	return stack.Build(ctx, root, cfg.BinDir, progress())
}
