package structure

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"souk/deploy/local/stack"
)

// planted is an import in a module that is made to be linted.
type planted struct{ file, path string }

// refused are imports that a rule of depguard refuses, by the name of the rule.
func refused() map[string][]planted {
	const (
		domain, store    = "services/orders/internal/orders/bad.go", "services/orders/internal/postgres/bad.go"
		grpc, pgx, mongo = "google.golang.org/grpc", "github.com/jackc/pgx/v5", "go.mongodb.org/mongo-driver/v2/mongo"
		contract         = "souk/proto/gen/souk/orders/v1"
		testkit          = "souk/testkit/pgtest"
	)
	all := map[string][]planted{
		"domain": {{domain, grpc}, {domain, "google.golang.org/protobuf/proto"}, {domain, contract}, {domain, pgx}, {domain, mongo}, {"services/orders/internal/order/bad.go", pgx}},
		"store":  {{store, grpc}, {store, contract}, {"services/customers/internal/mongo/bad.go", grpc}},
		"gateway": {
			{"gateway/internal/handler/bad.go", "souk/services/orders/api"},
		},
		"platform": {{"platform/rpc/bad.go", "souk/services/orders/api"}, {"platform/rpc/bad.go", contract}},
		"testkit":  {{"testkit/grpctest/bad.go", "souk/services/orders/api"}},
		"tests-only": {
			{"services/orders/internal/app/bad.go", testkit}, {"gateway/internal/app/bad.go", testkit},
			{"platform/service/bad.go", testkit}, {"deploy/audit/bad.go", testkit},
			{"services/orders/internal/app/bad.go", "souk/services/orders/internal/peerstest"},
		},
	}
	for _, service := range stack.Services {
		other := "orders"
		if service == other {
			other = "inventory"
		}
		all[service] = []planted{{"services/" + service + "/internal/grpcapi/bad.go", "souk/services/" + other + "/api"}}
	}
	return all
}

// allowed are imports like those, which no rule refuses.
var allowed = []planted{
	{"services/orders/internal/postgres/good.go", "github.com/jackc/pgx/v5"},
	{"services/orders/internal/grpcapi/good.go", "souk/services/orders/internal/orders"},
	{"services/orders/internal/orders/good_test.go", "souk/testkit/pgtest"},
	{"platform/access/good.go", "souk/proto/gen/souk/access/v1"},
	{"deploy/local/stack/good.go", "souk/testkit/pgtest"},
	{"e2e/shop/good.go", "souk/testkit/pgtest"},
}

// The modules of others that are imported. Each is an empty one.
var others = []string{"google.golang.org/grpc", "google.golang.org/protobuf", "github.com/jackc/pgx/v5", "go.mongodb.org/mongo-driver/v2"}

// plant writes a module with these imports, an empty package for each that is imported, and the repository's rules.
func plant(t *testing.T, imports []planted) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, content string) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	module := "module souk\n\ngo 1.26.0\n"
	for _, other := range others {
		version := "v0.0.0"
		if i := strings.LastIndex(other, "/v"); i > 0 {
			version = other[i+1:] + ".0.0"
		}
		module += fmt.Sprintf("\nrequire %s %s\nreplace %s => ./%s\n", other, version, other, other)
		write(other+"/go.mod", "module "+other+"\n\ngo 1.26.0\n")
	}
	write("go.mod", module)
	files := map[string]string{}
	for _, p := range imports {
		if files[p.file] == "" {
			files[p.file] = "package " + packageOf(filepath.Dir(p.file)) + "\n"
		}
		files[p.file] += fmt.Sprintf("\nimport _ %q\n", p.path)
		imported := strings.TrimPrefix(p.path, "souk/")
		write(imported+"/empty.go", "package "+packageOf(imported)+"\n")
	}
	for name, content := range files {
		write(name, content)
	}
	config, err := os.ReadFile(filepath.Join(root(t), ".golangci.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	write(".golangci.yaml", string(config))
	return dir
}

func packageOf(dir string) string { return strings.ReplaceAll(filepath.Base(dir), "-", "") }

// lint runs golangci-lint's depguard on a module and returns what it refused, by file, import and rule.
func lint(t *testing.T, dir string) []string {
	t.Helper()
	if output, err := exec.CommandContext(t.Context(), filepath.Join(root(t), "tools", "build"), "golangci-lint").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	command := exec.CommandContext(t.Context(), filepath.Join(root(t), ".souk", "bin", "golangci-lint"), "run",
		"--enable-only", "depguard", "--allow-parallel-runners", "--show-stats=false", "--output.json.path", "stdout", "./...")
	command.Dir, command.Env = dir, append(os.Environ(), "GOWORK=off")
	var warnings strings.Builder
	command.Stderr = &warnings
	output, _ := command.Output() // fails when it has found something
	var report struct {
		Issues []struct {
			Text string
			Pos  struct{ Filename string }
		}
	}
	if err := json.Unmarshal(output, &report); err != nil {
		t.Fatalf("%v: %s%s", err, output, &warnings)
	}
	message := regexp.MustCompile(`^import '([^']+)' is not allowed from list '([^']+)'`)
	var found []string
	for _, issue := range report.Issues {
		parts := message.FindStringSubmatch(issue.Text)
		if parts == nil {
			t.Fatalf("%s: %s", issue.Pos.Filename, issue.Text)
		}
		found = append(found, fmt.Sprintf("%s imports %s: %s", filepath.ToSlash(issue.Pos.Filename), parts[1], parts[2]))
	}
	return slices.Sorted(slices.Values(found))
}

// TestEachImportRuleRefusesWhatItIsFor lints a module that breaks each rule of depguard in .golangci.yaml.
func TestEachImportRuleRefusesWhatItIsFor(t *testing.T) {
	t.Parallel()
	imports, want := slices.Clone(allowed), []string{}
	for rule, bad := range refused() {
		for _, p := range bad {
			imports = append(imports, p)
			want = append(want, fmt.Sprintf("%s imports %s: %s", p.file, p.path, rule))
		}
	}
	slices.Sort(want)
	if got := lint(t, plant(t, imports)); !slices.Equal(got, want) {
		t.Errorf("refused:\n%s\n\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEachImportRuleIsTried(t *testing.T) {
	t.Parallel()
	config, err := os.ReadFile(filepath.Join(root(t), ".golangci.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	_, rules, _ := strings.Cut(string(config), "    depguard:\n      rules:\n")
	rules, _, _ = strings.Cut(rules, "\n  exclusions:")
	var names []string
	for _, match := range regexp.MustCompile(`(?m)^        ([a-z-]+):$`).FindAllStringSubmatch(rules, -1) {
		names = append(names, match[1])
	}
	slices.Sort(names)
	if tried := slices.Sorted(maps.Keys(refused())); !slices.Equal(names, tried) {
		t.Errorf(".golangci.yaml has the rules %v, and these are tried: %v", names, tried)
	}
}
