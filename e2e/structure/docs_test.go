package structure

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A claim's command, as the table in docs/claims.md has it.
var command = regexp.MustCompile("`cd ([^ ]+) && go test ([^ ]+) -run '?([^'`]+?)'?(?: -v)?`")

func TestTheCommandsOfTheClaimsRunTests(t *testing.T) {
	t.Parallel()
	claims, err := os.ReadFile(filepath.Join(root(t), "docs", "claims.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := command.FindAllStringSubmatch(string(claims), -1)
	if len(commands) < 40 {
		t.Fatalf("only %d commands were found", len(commands))
	}
	for _, c := range commands {
		// In a table a bar is escaped.
		pattern := strings.ReplaceAll(c[3], `\|`, "|")
		list := exec.CommandContext(t.Context(), "go", "test", c[2], "-list", pattern)
		list.Dir = filepath.Join(root(t), c[1])
		output, err := list.CombinedOutput()
		if err != nil || !strings.Contains(string(output), "Test") {
			t.Errorf("%s runs no test: %v\n%s", c[0], err, output)
		}
	}
}

// A link to a file, perhaps to a part of it: [text](file#part).
var link = regexp.MustCompile(`\]\(([^)#: ]+)(?:#[^)]*)?\)`)

func TestLinksInTheDocumentsLeadSomewhere(t *testing.T) {
	t.Parallel()
	checked := 0
	for _, document := range documents(t) {
		text, err := os.ReadFile(document)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range link.FindAllStringSubmatch(string(text), -1) {
			checked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(document), l[1])); err != nil {
				t.Errorf("%s: the link to %s leads nowhere", document, l[1])
			}
		}
	}
	if checked < 150 {
		t.Errorf("only %d links were found", checked)
	}
}

// documents returns the paths of all Markdown files of the repository.
func documents(t *testing.T) (paths []string) {
	t.Helper()
	err := filepath.WalkDir(root(t), func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (strings.HasPrefix(entry.Name(), ".") && path != root(t) || entry.Name() == "node_modules"):
			return filepath.SkipDir
		case filepath.Ext(path) == ".md":
			paths = append(paths, path)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
