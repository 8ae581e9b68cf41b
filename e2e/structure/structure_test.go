// Package structure tests what the source tree promises as a whole.
package structure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"souk/deploy/local/stack"
	"souk/testkit/devserver"
)

func root(t *testing.T) string {
	t.Helper()
	dir, err := devserver.RepoRoot()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// inspectSources calls visit with each node of each Go file below dir, tests left out.
func inspectSources(t *testing.T, dir string, visit func(path string, n ast.Node)) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			visit(path, n)
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// dialed returns the files below dir that use a method named Dial.
func dialed(t *testing.T, dir string) (calls []string) {
	t.Helper()
	inspectSources(t, dir, func(path string, n ast.Node) {
		if method, ok := n.(*ast.SelectorExpr); ok && method.Sel.Name == "Dial" {
			calls = append(calls, path)
		}
	})
	return calls
}

// What recommendations may call is in proto/rule_test.go.
func TestOnlyTheGatewayOrdersAndRecommendationsCallOthers(t *testing.T) {
	t.Parallel()
	for _, name := range stack.Services {
		calls := dialed(t, filepath.Join(root(t), "services", name))
		mayCall := name == "orders" || name == "recommendations"
		if !mayCall && len(calls) > 0 {
			t.Errorf("%s calls others: %v", name, calls)
		}
		if mayCall && len(calls) == 0 {
			t.Errorf("%s calls nobody: this test looks for the wrong thing", name)
		}
	}
}

func TestEveryServiceHasTheSameRooms(t *testing.T) {
	t.Parallel()
	for _, name := range stack.Services {
		dir := filepath.Join(root(t), "services", name)
		for _, room := range []string{"README.md", "go.mod", "go.sum", "cmd/" + name + "/main.go", "internal/app", "internal/grpcapi", "internal/" + name} {
			if _, err := os.Stat(filepath.Join(dir, room)); err != nil {
				t.Errorf("%s has no %s", name, room)
			}
		}
	}
}

// modules returns the folders of the modules, without the tools that other projects wrote.
func modules(t *testing.T) []string {
	t.Helper()
	dir := root(t)
	var all []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != dir || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if err != nil || entry.Name() != "go.mod" {
			return err
		}
		module, err := filepath.Rel(dir, filepath.Dir(path))
		if tests, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*_test.go")); !strings.HasPrefix(module, "tools/") || len(tests) > 0 {
			all = append(all, filepath.ToSlash(module))
		}
		return err
	})
	if err != nil || len(all) < len(stack.Services)+8 {
		t.Fatalf("found %v, %v", all, err)
	}
	return all
}

func TestTheWorkspaceHasEveryModule(t *testing.T) {
	t.Parallel()
	work, err := os.ReadFile(filepath.Join(root(t), "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	for _, module := range modules(t) {
		if !slices.Contains(strings.Fields(string(work)), "./"+module) {
			t.Errorf("go.work does not use ./%s", module)
		}
	}
}

func TestEveryModuleIsTestedLintedAndFuzzed(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"test", "lint", "fuzz"} {
		// Prints the commands and runs none.
		commands, err := exec.CommandContext(t.Context(), "make", "-n", "-C", root(t), target).Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range modules(t) {
			if !slices.Contains(strings.Fields(string(commands)), module) {
				t.Errorf("make %s leaves out %s", target, module)
			}
		}
	}
}
