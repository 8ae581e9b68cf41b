package service

import (
	"context"
	"testing"
)

func TestABinaryNamesItsRelease(t *testing.T) {
	t.Parallel()
	for want, r := range map[string]release{
		"orders 1.1.0 (322353a)":     release{version: "1.1.0", commit: "322353a"}.or(release{version: "(devel)", commit: "0000000"}),
		"orders (devel) (0000000)":   release{}.or(release{version: "(devel)", commit: "0000000"}),
		"orders (devel) (unknown)":   release{}.or(release{version: "(devel)"}),
		"orders unknown (unknown)":   release{}.or(release{}),
		"orders 1.1.0-dev (0000000)": release{version: "1.1.0-dev"}.or(release{version: "(devel)", commit: "0000000"}),
	} {
		if got := r.line("orders"); got != want {
			t.Errorf("it says %q, want %q", got, want)
		}
	}
}

func TestABinaryServesUnlessItIsAskedAside(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args          []string
		serves, fails bool
	}{
		{args: []string{"/service"}, serves: true},
		{args: []string{"/service", "version"}, serves: true},
		{args: []string{"/service", "--version", "now"}, serves: true},
		{args: []string{"/service", "--version"}},
		{args: []string{"/healthcheck"}, fails: true},
		{args: []string{"/healthcheck", "grpc", "127.0.0.1:1"}, fails: true},
		{args: []string{"/healthcheck", "http", "http://127.0.0.1:1/readyz"}, fails: true},
	} {
		served := false
		err := do(t.Context(), "orders", test.args, func(context.Context) error { served = true; return nil })
		if served != test.serves || (err != nil) != test.fails {
			t.Errorf("%q: served %v, %v; want %v, an error %v", test.args, served, err, test.serves, test.fails)
		}
	}
}
