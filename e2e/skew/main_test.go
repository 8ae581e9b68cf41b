// Package skew tests that versions mix: one service of the last release beside today's others, and today's beside the others' last
// release, because services are released, and rolled back, one at a time.
package skew

import (
	"os"
	"slices"
	"testing"

	"souk/deploy/local/stack"
	"souk/e2e/shop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// full reports whether every service is to be mixed.
func full() bool { return os.Getenv("SOUK_SKEW") == "full" }

// parts returns the services and the gateway.
func parts() []string { return append(slices.Clone(stack.Services), stack.Gateway) }

// mixed returns the parts whose versions are mixed: all that were released in the full form, and orders, which calls most others, in
// the short one.
func mixed(t *testing.T) []string {
	t.Helper()
	if !full() {
		return []string{"orders"}
	}
	return slices.DeleteFunc(parts(), func(part string) bool {
		_, released := recorded(t).Last(part)
		return !released
	})
}
