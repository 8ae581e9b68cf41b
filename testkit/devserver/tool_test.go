package devserver

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// buildWith has tools/build use an empty folder, and programs that are shell scripts, by name.
func buildWith(t *testing.T, programs map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, script := range programs {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir+":/usr/bin:/bin")
	t.Setenv("SOUK_TOOLS_BIN", t.TempDir())
	t.Setenv("SOUK_CONSUL", "")
	t.Setenv("SOUK_PROGRESS_EVERY", "0")
}

// goThat is a go with three packages to compile, which finds every module in the folder $MODULE. What its build does follows.
func goThat(build string) string {
	return `case "$1 $2" in
'list -m') echo "$MODULE" ;;
list*) echo 'go: downloading example.com/a v1.0.0' >&2; printf 'a\nb\nc\n' ;;
build*) while [ "$1" != -o ]; do shift; done; ` + build + `; chmod +x "$2" ;;
esac`
}

func TestABuildTellsHowFarItIs(t *testing.T) {
	buildWith(t, map[string]string{"go": goThat(`printf 'a\nb\nc\n' >&2; echo built >"$2"`)})
	var lines []string
	path, err := findTool(t.Context(), "SOUK_STRIPE_MOCK", "stripe-mock", func(line string) { lines = append(lines, line) })
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"stripe-mock: downloading its modules", "stripe-mock: 1 modules downloaded", "stripe-mock: compiling 3 packages",
		"stripe-mock: 1 of 3 packages compiled", "stripe-mock: 2 of 3 packages compiled", "stripe-mock: 3 of 3 packages compiled",
	}
	if !slices.Equal(lines, want) {
		t.Errorf("progress is %q, want %q", lines, want)
	}
	lines = nil
	if _, err := findTool(t.Context(), "SOUK_STRIPE_MOCK", "stripe-mock", func(line string) { lines = append(lines, line) }); err != nil || lines != nil {
		t.Errorf("the second time: %v, %q; want nothing to do", err, lines)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "built\n" {
		t.Errorf("the program is %q, %v", content, err)
	}
}

func TestABuildThatFailsSaysWhy(t *testing.T) {
	buildWith(t, map[string]string{"go": goThat(`printf 'a\n# a\na.go:1:1: undefined: x\n' >&2; exit 1`)})
	_, err := findTool(t.Context(), "SOUK_STRIPE_MOCK", "stripe-mock", nil)
	if err == nil || !strings.Contains(err.Error(), "undefined: x") {
		t.Errorf("error is %v, want the compiler's words", err)
	}
}

func TestAConsulOnThePathIsUsedWhenItIsOfThePinnedVersion(t *testing.T) {
	pinned := pinnedConsul(t)
	for name, test := range map[string]struct{ version, want string }{
		"the pinned version": {"Consul " + pinned, "from the path"},
		"another version":    {"Consul v1.10.0", "built"},
		"a longer version":   {"Consul " + pinned + "+ent", "built"},
		"something else":     {"hello", "built"},
	} {
		t.Run(name, func(t *testing.T) {
			buildWith(t, map[string]string{
				"consul": "echo '" + test.version + "'\necho from the path",
				"go":     goThat(`echo built >"$2"`),
			})
			consulModule(t, `	_ "github.com/hashicorp/consul/agent/consul/authmethod/kubeauth"`)
			path, err := findTool(t.Context(), "SOUK_CONSUL", "consul", logLine(t))
			if err != nil {
				t.Fatal(err)
			}
			content, err := os.ReadFile(path)
			if err != nil || !strings.HasSuffix(strings.TrimSpace(string(content)), test.want) {
				t.Errorf("consul is %q, %v; want the one %s", content, err, test.want)
			}
		})
	}
}

func TestAnEditOfADependencyThatChangesNothingFails(t *testing.T) {
	buildWith(t, map[string]string{"go": goThat(`echo built >"$2"`)})
	consulModule(t, "package other")
	if _, err := findTool(t.Context(), "SOUK_CONSUL", "consul", nil); err == nil || !strings.Contains(err.Error(), "nothing to change") {
		t.Errorf("error is %v, want one that says so", err)
	}
}

// consulModule is where the go of goThat finds Consul, of which each file that tools/consul edits has one line.
func consulModule(t *testing.T, line string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("MODULE", dir)
	for _, file := range []string{"agent/consul/acl_authmethod.go", "agent/xds/z_xds_packages.go"} {
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(line+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func pinnedConsul(t *testing.T) string {
	t.Helper()
	root, err := RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(filepath.Join(root, "tools", "consul", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	match := regexp.MustCompile(`(?m)^\s*github.com/hashicorp/consul (v\S+)$`).FindSubmatch(content)
	if match == nil {
		t.Fatal("tools/consul/go.mod pins no consul")
	}
	return string(match[1])
}
