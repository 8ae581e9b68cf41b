package bench

import (
	"os"
	"testing"

	"souk/e2e/shop"
)

func TestMain(m *testing.M) { os.Exit(shop.Verdict(m.Run())) }
