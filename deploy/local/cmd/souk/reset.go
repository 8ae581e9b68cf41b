package main

import (
	"fmt"

	"souk/deploy/local/stack"
)

// reset deletes the shop's data.
func reset() error {
	cfg, _, err := load()
	if err != nil {
		return err
	}
	if err := stack.Reset(cfg); err != nil {
		return err
	}
	fmt.Println("the shop's data is gone from", cfg.Dir)
	return nil
}
