// Package resilience tests what shoppers get while something that the shop depends on is slow, down or wrong: the table of
// docs/resilience.md, cell by cell, and what keeps one failing service from taking the others along.
package resilience

import (
	"os"
	"testing"
	"time"

	"souk/e2e/shop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }

// full reports whether the long forms of the tests are asked for.
func full() bool { return os.Getenv("SOUK_CHAOS") == "full" }

// healsWithin is how long after a fault is repaired all is well again, and what was promised is done.
const healsWithin = 30 * time.Second
