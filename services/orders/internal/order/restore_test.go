package order_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An order that is restored can have any state, so nothing but the store may do it: everything else decides.
func TestOnlyTheStoreRestoresOrders(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "_test.go") || !strings.Contains(string(content), "order.Restore(") {
			continue
		}
		found++
		if !strings.HasPrefix(filepath.ToSlash(name), "../postgres/") {
			t.Errorf("%s restores orders", name)
		}
	}
	if found == 0 {
		t.Error("the store restores no orders: this test looks for the wrong thing")
	}
}
