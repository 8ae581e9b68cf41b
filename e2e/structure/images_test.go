package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// A module may have other commands besides the one that its image runs.
func TestTheDockerfileBuildsTheCommandOfEachModule(t *testing.T) {
	t.Parallel()
	root := root(t)
	text, err := os.ReadFile(filepath.Join(root, "deploy", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	loop := regexp.MustCompile(`for module in (.*); do`).FindSubmatch(text)
	if loop == nil || !strings.Contains(string(text), "./cmd/$(basename $module)") {
		t.Fatal("no loop builds cmd/NAME of each module")
	}
	built := 0
	for pattern := range strings.FieldsSeq(string(loop[1])) {
		modules, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		for _, module := range modules {
			if _, err := os.Stat(filepath.Join(module, "cmd", filepath.Base(module), "main.go")); err != nil {
				t.Errorf("%s: %v", module, err)
			}
			built++
		}
	}
	if built < 11 {
		t.Errorf("%d modules, want 11 at least", built)
	}
}
