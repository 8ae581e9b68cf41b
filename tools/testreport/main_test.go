package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// module returns the folder of a module with two packages that hold tests, and helpers in files that are named like tests.
func module(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"go.mod":               "module example/shop\n\ngo 1.26\n",
		"shop_test.go":         "package shop\n\nfunc TestShop(t *testing.T) {}\n",
		"stock/stock_test.go":  "//go:build never\n\npackage stock\n\nfunc FuzzStock(f *testing.F) {}\n",
		"stock/world_test.go":  "package stock\n\nfunc TestingWorld() {}\n",
		"world/world_test.go":  "package world\n\nfunc world() {}\n",
		"testdata/bad_test.go": "package bad\n\nfunc TestBad(t *testing.T) {}\n",
		"_draft/bad_test.go":   "package bad\n\nfunc TestBad(t *testing.T) {}\n",
		".draft/bad_test.go":   "package bad\n\nfunc TestBad(t *testing.T) {}\n",
	} {
		file := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// ended are the events of a package with one test, and of the package itself.
func ended(name, test, whole string) string {
	return fmt.Sprintf("{\"Action\":%q,\"Package\":%q,\"Test\":\"TestIt\"}\n{\"Action\":%q,\"Package\":%q}\n", test, name, whole, name)
}

func TestEveryPackageThatHoldsTestsMustRunOne(t *testing.T) {
	t.Parallel()
	shop, stock := "example/shop", "example/shop/stock"
	for name, test := range map[string]struct{ dir, events, want string }{
		"all ran":           {".", ended(shop, "pass", "pass") + ended(stock, "pass", "pass"), ""},
		"one was left out":  {".", ended(shop, "pass", "pass"), "ran none: example/shop/stock"},
		"all of one skip":   {".", ended(shop, "skip", "pass") + ended(stock, "pass", "pass"), "ran none: example/shop"},
		"another ran twice": {".", ended(shop, "pass", "pass") + ended("example/shop/more", "pass", "pass"), "ran none: example/shop/stock"},
		"one failed":        {".", ended(shop, "fail", "fail") + ended(stock, "pass", "pass"), "failed: example/shop"},
		"one does not build": {".", ended(stock, "pass", "pass") +
			"{\"Action\":\"build-output\",\"Output\":\"syntax error\"}\n{\"Action\":\"fail\",\"Package\":\"example/shop\"}\n", "failed: example/shop"},
		"nothing ran":      {".", "", "no test ran"},
		"a part of it ran": {"stock", ended(stock, "pass", "pass"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			report, err := read(strings.NewReader(test.events))
			if err != nil {
				t.Fatal(err)
			}
			err = report.print(io.Discard, filepath.Join(module(t), test.dir))
			if (err == nil) != (test.want == "") || err != nil && !strings.HasSuffix(err.Error(), test.want) && !strings.HasPrefix(err.Error(), test.want) {
				t.Errorf("%v, want %q", err, test.want)
			}
		})
	}
}

func TestFailuresNameTheTestAndItsLastLines(t *testing.T) {
	t.Parallel()
	var events strings.Builder
	for i := range 40 {
		fmt.Fprintf(&events, "{\"Action\":\"output\",\"Package\":\"example/shop\",\"Test\":\"TestIt\",\"Output\":\"line %d\\n\"}\n", i)
	}
	events.WriteString(ended("example/shop", "fail", "fail") + ended("example/stock", "pass", "pass"))
	report, err := read(strings.NewReader(events.String()))
	if err != nil {
		t.Fatal(err)
	}
	var failures strings.Builder
	report.printFailures(&failures)
	got := failures.String()
	if !strings.HasPrefix(got, "example/shop TestIt\n    line 15\n") || !strings.HasSuffix(got, "    line 39\n") {
		t.Errorf("%q", got)
	}
}
