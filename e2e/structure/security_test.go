package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var constantOfKind = regexp.MustCompile(`(?m)^\t(\w+) Kind = "(\w+)"$`)

// Every kind of security event is logged by some code of a service, the gateway or platform, is expected by some test, and stands
// in the documentation.
func TestEverySecurityEventIsLoggedTestedAndDocumented(t *testing.T) {
	t.Parallel()
	dir := root(t)
	read := func(name string) string {
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	var code, tests strings.Builder
	for _, module := range []string{"services", "gateway", "platform"} {
		err := filepath.WalkDir(filepath.Join(dir, module), func(path string, entry os.DirEntry, err error) error {
			if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") || strings.Contains(path, "platform/security") {
				return err
			}
			content, err := os.ReadFile(path)
			if strings.HasSuffix(path, "_test.go") {
				tests.Write(content)
			} else {
				code.Write(content)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	page := read("docs/security-events.md")
	kinds := constantOfKind.FindAllStringSubmatch(read("platform/security/kind.go"), -1)
	if len(kinds) < 15 {
		t.Fatalf("%d kinds in kind.go", len(kinds))
	}
	for _, kind := range kinds {
		name, text := kind[1], kind[2]
		if !strings.Contains(code.String(), "security."+name) {
			t.Errorf("%s is logged nowhere", name)
		}
		if !strings.Contains(tests.String(), "security."+name) {
			t.Errorf("%s is expected by no test", name)
		}
		if !strings.Contains(page, "`"+text+"`") {
			t.Errorf("docs/security-events.md does not tell of %s", text)
		}
	}
	t.Logf("measured: %d kinds of events", len(kinds))
}
