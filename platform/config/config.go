// Package config is responsible for reading a process's settings from its SOUK_… environment variables.
package config

import (
	"errors"
	"fmt"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Prefix begins the name of every setting.
const Prefix = "SOUK_"

type validator interface {
	Validate() error
}

// Load fills the struct that target points to from the environment and then calls its Validate method,
// if it has one. The error is one line that names each variable that is wrong.
func Load(target any) error {
	if err := env.ParseWithOptions(target, env.Options{Prefix: Prefix}); err != nil {
		return fmt.Errorf("settings: %s", oneLine(err))
	}
	if v, ok := target.(validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	return nil
}

func oneLine(err error) string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err.Error()
	}
	parts := make([]string, len(all.Errors))
	for i, e := range all.Errors {
		parts[i] = e.Error()
	}
	return strings.Join(parts, "; ")
}
