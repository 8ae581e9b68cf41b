package config

import (
	"fmt"
	"reflect"
	"strings"

	"souk/platform/secret"
)

// A setting with one of these words in its name is considered a secret.
var secretWords = []string{"SECRET", "PASSWORD", "TOKEN", "KEY", "URL", "URI"}

var secretTypes = map[reflect.Type]bool{reflect.TypeFor[secret.Text](): true, reflect.TypeFor[secret.URL](): true}

// exposed returns the variables with names like secrets that printing a struct of type t would show.
func exposed(t reflect.Type, prefix string) []string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var names []string
	for field := range t.Fields() {
		names = append(names, exposed(field.Type, prefix+field.Tag.Get("envPrefix"))...)
		own, _, _ := strings.Cut(field.Tag.Get("env"), ",")
		if own == "" || !holdsText(field.Type) || field.Tag.Get("redact") == "no" {
			continue
		}
		if name := prefix + own; soundsSecret(name) {
			names = append(names, name)
		}
	}
	return names
}

// holdsText reports whether printing a value of type t may show text: it is not a secret, a number or a bool.
func holdsText(t reflect.Type) bool {
	switch kind := t.Kind(); {
	case secretTypes[t]:
		return false
	case kind == reflect.Pointer || kind == reflect.Slice || kind == reflect.Array:
		return holdsText(t.Elem())
	default:
		return kind == reflect.Uint8 || kind < reflect.Bool || kind > reflect.Complex128
	}
}

func soundsSecret(name string) bool {
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// shown returns the value of a variable in the form that an error may show.
func shown(name, value string) string {
	if soundsSecret(name) {
		return secret.Text(value).String()
	}
	return fmt.Sprintf("%q", value)
}
