package structure

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A claim's command, as the README's table has it.
var command = regexp.MustCompile("`cd ([^ ]+) && go test ([^ ]+) -run '?([^'`]+?)'?(?: -v)?`")

func TestTheReadmesCommandsRunTests(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	commands := command.FindAllStringSubmatch(string(readme), -1)
	if len(commands) < 7 {
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

var link = regexp.MustCompile(`\]\(([^)#:]+)\)`)

func TestTheReadmesLinksLeadSomewhere(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join(root(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	links := link.FindAllStringSubmatch(string(readme), -1)
	if len(links) < 15 {
		t.Fatalf("only %d links were found", len(links))
	}
	for _, l := range links {
		if _, err := os.Stat(filepath.Join(root(t), l[1])); err != nil {
			t.Errorf("the link to %s leads nowhere", l[1])
		}
	}
}
