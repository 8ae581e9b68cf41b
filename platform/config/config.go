// Package config reads a process's settings from its SOUK_… environment variables, and from the files that they name.
package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/caarlos0/env/v11"
)

// Prefix is the beginning of every setting's name.
const Prefix = "SOUK_"

type validator interface {
	Validate() error
}

// Load fills the struct that target points to from the environment, and then calls its Validate method, if it has one. Instead
// of SOUK_X, SOUK_X_FILE may be set to the path of a file with the value. The error is one line that names each invalid
// variable, and shows no secret.
//
// A setting with a name like that of a secret must have a type of package secret, so that printing the struct does not show it,
// or the tag redact:"no" if it is not a secret.
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

// explain returns a line about the errors: the missing variables, and those with a value of the wrong type.
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

// malformed returns the variables whose text cannot be converted to the type of their setting. It tries each variable
// separately, because the library's errors name the Go field instead.
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
