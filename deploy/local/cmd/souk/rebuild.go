package main

import (
	"context"

	"souk/deploy/local/stack"
)

// rebuild has recommendations of the running shop forget everything and read the sales of orders again.
func rebuild(ctx context.Context) error {
	cfg, _, err := load()
	if err != nil {
		return err
	}
	return stack.RebuildRecommendations(ctx, cfg)
}
