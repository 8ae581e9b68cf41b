package structure

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"souk/deploy/local/stack"
)

// alone runs the go command in a module, without the workspace, and returns what it prints.
func alone(t *testing.T, module string, args ...string) string {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", args...)
	command.Dir = filepath.Join(root(t), module)
	command.Env = append(os.Environ(), "GOWORK=off")
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatalf("go %v in %s: %v", args, module, err)
	}
	return string(output)
}

// required returns the modules that a go.mod requires because the module itself imports them.
func required(t *testing.T, module string) (paths []string) {
	t.Helper()
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal([]byte(alone(t, module, "mod", "edit", "-json")), &file); err != nil {
		t.Fatal(err)
	}
	for _, r := range file.Require {
		if !r.Indirect {
			paths = append(paths, r.Path)
		}
	}
	return paths
}

func TestNoServiceRequiresWhatOnlyTestsUse(t *testing.T) {
	t.Parallel()
	modules := []string{"gateway", "platform"}
	for _, name := range stack.Services {
		modules = append(modules, "services/"+name)
	}
	for _, module := range modules {
		t.Run(module, func(t *testing.T) {
			t.Parallel()
			if strings.Contains(alone(t, module, "mod", "graph"), "souk/testkit") {
				t.Error("its module graph names souk/testkit")
			}
			built := strings.Fields(alone(t, module, "list", "-deps", "-f", "{{with .Module}}{{.Path}}{{end}}", "./..."))
			direct := required(t, module)
			if len(direct) < 5 {
				t.Errorf("go.mod requires only %v: this test looks for the wrong thing", direct)
			}
			for _, path := range direct {
				if !slices.Contains(built, path) {
					t.Errorf("go.mod requires %s, but only tests use it: let them import it through testkit", path)
				}
			}
		})
	}
}

// mostPackages is how many packages the platform may have. A reader has to know most of them. It was raised for mail, which belongs to
// none of the others and is not for one service alone, and for sheet, with which both catalog and souk import read product files.
const mostPackages = 26

func TestThePlatformIsSmall(t *testing.T) {
	t.Parallel()
	packages := strings.Fields(alone(t, "platform", "list", "./..."))
	if len(packages) < 10 || len(packages) > mostPackages {
		t.Errorf("it has %d packages, want at most %d: %s", len(packages), mostPackages, packages)
	}
}

// A row of the table of packages in CONTRIBUTING.md: | `money` | what it is for |
var packageRow = regexp.MustCompile("(?m)^\\| ((?:`[a-z]+`(?:, )?)+) \\|")

func TestCONTRIBUTINGNamesThePackagesOfThePlatform(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root(t), "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## platform")
	section, _, _ = strings.Cut(section, "\n## ")
	var named []string
	for _, row := range packageRow.FindAllStringSubmatch(section, -1) {
		for name := range strings.SplitSeq(row[1], ", ") {
			named = append(named, "souk/platform/"+strings.Trim(name, "`"))
		}
	}
	slices.Sort(named)
	if packages := strings.Fields(alone(t, "platform", "list", "./...")); !slices.Equal(named, packages) {
		t.Errorf("it names\n%s\nand there are\n%s", named, packages)
	}
}
