package skew

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"

	"souk/e2e/testshop"
	"souk/tools/release/git"
	"souk/tools/release/record"
)

// TestEveryBinarySaysItsVersion asks each binary in an empty environment: what it says does not depend on a setting.
func TestEveryBinarySaysItsVersion(t *testing.T) {
	t.Parallel()
	folder, err := testshop.Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range parts() {
		next, err := recorded(t).Next(part, record.Minor)
		if err != nil {
			t.Fatal(err)
		}
		asked := exec.CommandContext(t.Context(), filepath.Join(folder, part), "--version")
		asked.Env = []string{"SOUK_LOG_LEVEL=not a level"}
		said, err := asked.CombinedOutput()
		if want := fmt.Sprintf("%s %s-dev (%s)\n", part, next, head(t)); err != nil || string(said) != want {
			t.Errorf("%s --version: %v: %q, want %q", part, err, said, want)
		}
	}
}

// head returns the commit that today's binaries name. Sources outside git have none, and a binary then says so.
func head(t *testing.T) string {
	t.Helper()
	commit, err := git.Repository(root(t)).Head(t.Context())
	if err != nil {
		t.Skip(err)
	}
	return commit
}
