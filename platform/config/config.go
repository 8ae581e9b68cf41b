// Package config is responsible for reading a process's settings from its SOUK_… environment variables, and from the files
// that they name.
package config

import (
	"errors"
	"fmt"
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
// if it has one. Any setting SOUK_X may be given as SOUK_X_FILE, the path of a file with its value. The error is one line
// that names each variable that is wrong, and shows the value of no secret.
//
// A setting that is called like a secret must have a type of package secret, so that no print of the struct shows it, or the
// tag redact:"no" where the name misleads.
func Load(target any) error {
	if exposed := exposed(reflect.TypeOf(target), Prefix); len(exposed) > 0 {
		return fmt.Errorf("settings: %s: neither of a type of package secret nor tagged redact:\"no\"", strings.Join(exposed, ", "))
	}
	environment, err := environment(target)
	if err != nil {
		return fmt.Errorf("settings: %w", err)
	}
	if err := env.ParseWithOptions(target, env.Options{Prefix: Prefix, Environment: environment}); err != nil {
		return fmt.Errorf("settings: %s", explain(err, target, environment))
	}
	if v, ok := target.(validator); ok {
		if err := v.Validate(); err != nil {
			return fmt.Errorf("settings: %w", err)
		}
	}
	return nil
}

// explain says in one line what is wrong: which variables are missing, and which have no value of their type.
func explain(err error, target any, environment map[string]string) string {
	var all env.AggregateError
	if !errors.As(err, &all) {
		return err.Error()
	}
	parts := malformed(target, environment)
	for _, e := range all.Errors {
		if !errors.As(e, &env.ParseError{}) {
			parts = append(parts, e.Error())
		}
	}
	return strings.Join(parts, "; ")
}

// malformed names the variables whose text is no value of their setting. The library's errors name the Go field, so
// each variable is tried alone.
func malformed(target any, environment map[string]string) []string {
	var parts []string
	params, err := env.GetFieldParamsWithOptions(target, env.Options{Prefix: Prefix})
	if err != nil {
		return []string{err.Error()}
	}
	for _, param := range params {
		value, ok := environment[param.Key]
		if !ok {
			continue
		}
		fresh := reflect.New(reflect.TypeOf(target).Elem()).Interface()
		err := env.ParseWithOptions(fresh, env.Options{Prefix: Prefix, Environment: map[string]string{param.Key: value}})
		var parseErr env.ParseError
		if errors.As(err, &parseErr) {
			parts = append(parts, fmt.Sprintf("%s: %s is no %s", param.Key, shown(param.Key, value), parseErr.Type))
		}
	}
	return parts
}
