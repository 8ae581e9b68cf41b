// Package config is responsible for reading a process's settings from its SOUK_… environment variables.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
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
		return fmt.Errorf("settings: %s", explain(err, target))
	}
	if v, ok := target.(validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	return nil
}

// explain says in one line what is wrong: which variables are missing, and which have no value of their type.
func explain(err error, target any) string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err.Error()
	}
	parts := malformed(target)
	for _, e := range all.Errors {
		if !errors.As(e, &env.ParseError{}) {
			parts = append(parts, e.Error())
		}
	}
	return strings.Join(parts, "; ")
}

// malformed names the variables whose text is no value of their setting. The library's errors name the Go field, so
// each variable is tried alone.
func malformed(target any) []string {
	var parts []string
	params, err := env.GetFieldParamsWithOptions(target, env.Options{Prefix: Prefix})
	if err != nil {
		return []string{err.Error()}
	}
	for _, param := range params {
		value, ok := os.LookupEnv(param.Key)
		if !ok {
			continue
		}
		fresh := reflect.New(reflect.TypeOf(target).Elem()).Interface()
		err := env.ParseWithOptions(fresh, env.Options{Prefix: Prefix, Environment: map[string]string{param.Key: value}})
		var parseErr env.ParseError
		if errors.As(err, &parseErr) {
			parts = append(parts, fmt.Sprintf("%s: %q is no %s", param.Key, value, parseErr.Type))
		}
	}
	return parts
}
