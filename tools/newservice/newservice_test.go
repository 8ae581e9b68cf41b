package main

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestANewServiceIsPartOfTheShop does what docs/adding-a-service.md says, in a copy of the repository, and runs there what CI would run of
// the new service: its own tests, those that hold lists of services and contracts, and its test in a running shop.
func TestANewServiceIsPartOfTheShop(t *testing.T) {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	c := clone{root: root, dir: t.TempDir()}
	// PostgreSQL may run as another user.
	if err := os.Chmod(c.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	c.copyFiles(t)
	c.run(t, ".", "make", "--no-print-directory", "service", "NAME=wishlists")
	c.run(t, "proto", "go", "test", ".")
	c.run(t, "services/wishlists", "go", "vet", "./...")
	c.run(t, "services/wishlists", "go", "test", "./...")
	c.run(t, "testkit", "go", "test", "./contract")
	c.run(t, "gateway", "go", "test", "./internal/handler", "./internal/edge", "-run", "Contract|Every|Table")
	c.run(t, "deploy/setup", "go", "test", ".", "-run", "Container|Mounted|Database|Confined|Network")
	c.run(t, "deploy/kubernetes", "go", "test", ".")
	c.run(t, "e2e", "go", "test", "./structure", "-skip", "Claims|Refuses")
	c.run(t, "e2e", "go", "test", "./wishlists")
}

// clone is a copy of the repository at root.
type clone struct{ root, dir string }

// copyFiles copies what git knows, or would add.
func (c clone) copyFiles(t *testing.T) {
	t.Helper()
	list := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = c.root
	output, err := list.Output()
	if err != nil {
		t.Fatalf("git ls-files: %v", err)
	}
	for file := range strings.SplitSeq(strings.TrimSuffix(string(output), "\x00"), "\x00") {
		from, to := filepath.Join(c.root, file), filepath.Join(c.dir, file)
		info, err := os.Stat(from)
		if os.IsNotExist(err) {
			continue // deleted, and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := copyFile(from, to, info.Mode()); err != nil {
			t.Fatal(err)
		}
	}
}

func copyFile(from, to string, mode fs.FileMode) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, content, mode)
}

// run runs a command in a folder of the copy, in the workspace of the copy and with the tools of the repository.
func (c clone) run(t *testing.T, folder, name string, args ...string) {
	t.Helper()
	tools := filepath.Join(c.root, ".souk", "bin")
	command := exec.CommandContext(t.Context(), name, args...)
	command.Dir = filepath.Join(c.dir, folder)
	command.Env = append(os.Environ(), "GOWORK=", "SOUK_TOOLS_BIN="+tools, "PATH="+tools+string(os.PathListSeparator)+os.Getenv("PATH"))
	start := time.Now()
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("in %s: %s: %v\n%s", folder, command, err, output)
	}
	t.Logf("measured: %s: %s took %.1f s", folder, strings.Join(append([]string{name}, args...), " "), time.Since(start).Seconds())
}

func TestANameThatWillNotDoIsRefusedAndNothingIsWritten(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "services", "orders"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", "Wishlists", "wish-lists", "wishlist", "../wishlists", "orders"} {
		if err := write(root, "_template", name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%q: %v", name, err)
		}
	}
	entries, err := os.ReadDir(root)
	if err != nil || len(entries) != 1 {
		t.Errorf("written: %v, %v", entries, err)
	}
}
