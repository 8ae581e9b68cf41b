package structure

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// What the code decides by the name of an RPC or a route: a key of a map, or a case of a switch.
var decision = regexp.MustCompile(`(?m)(?:"/souk\.[^"]+"|"(?:GET|POST|PUT|PATCH|DELETE) /[^"]*"|_FullMethodName)\s*:|case [^\n]*(?:"/souk\.|_FullMethodName)`)

// A rule about an RPC or a route stands in its contract, because one that is keyed by a name is lost without a word when the name
// changes. What is under tools/newservice is passed over, because it writes tests, which may be keyed so.
func TestNoRuleIsKeyedByTheNameOfAnRPCOrARoute(t *testing.T) {
	t.Parallel()
	files := 0
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root(t) || slices.Contains([]string{"gen", "newservice"}, entry.Name())):
			return filepath.SkipDir
		case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") || strings.HasSuffix(path, ".gen.go"):
			return nil
		}
		files++
		text, err := os.ReadFile(path)
		for _, found := range decision.FindAllString(string(text), -1) {
			t.Errorf("%s decides by %q: put it into the contract", path, found)
		}
		return err
	})
	if err != nil || files < 300 {
		t.Errorf("%d files, %v", files, err)
	}
}
