package structure

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"souk/e2e/access"
)

var (
	actionConstant = regexp.MustCompile(`(?m)^\t(\w+)\s+Action = "(\w+)"$`)
	codeSpan       = regexp.MustCompile("`([a-z_]+)`")
	// A row of the table of RPCs in docs/audit-log.md.
	auditedRPC = regexp.MustCompile("(?m)^\\| `(\\w+/\\w+)` \\| (.*) \\|$")
	// A row of the table of actions: the actions and the service.
	auditedAction = regexp.MustCompile("(?m)^\\| (`[a-z_`, ]+`) \\| (\\w+) \\|")
)

// actions maps the actions of the audit log to the constants.
func actions(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, match := range actionConstant.FindAllStringSubmatch(content(t, "platform/audit/action.go"), -1) {
		found[match[2]] = match[1]
	}
	if len(found) < 20 {
		t.Fatalf("%d actions in action.go", len(found))
	}
	return found
}

func content(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryRPCThatChangesSomethingTellsWhatTheAuditLogHas(t *testing.T) {
	t.Parallel()
	known := actions(t)
	listed := map[string]string{}
	for _, row := range auditedRPC.FindAllStringSubmatch(content(t, "docs/audit-log.md"), -1) {
		listed[row[1]] = row[2]
	}
	rpcs, err := access.RPCs()
	if err != nil {
		t.Fatal(err)
	}
	for _, rpc := range rpcs {
		name := string(rpc.Method.Parent().Name()) + "/" + string(rpc.Method.Name())
		row, ok := listed[name]
		delete(listed, name)
		if reads(rpc.Method) {
			continue
		}
		if !ok {
			t.Errorf("docs/audit-log.md does not tell what %s records, or why it records nothing", name)
			continue
		}
		recorded := codeSpan.FindAllStringSubmatch(row, -1)
		for _, action := range recorded {
			if known[action[1]] == "" {
				t.Errorf("%s: there is no action %s", name, action[1])
			}
		}
		if len(recorded) == 0 && (rpc.Rule.GetScope() != 0 && !rpc.Rule.GetCustomer() || !strings.HasPrefix(row, "none: ")) {
			t.Errorf("%s must record something: %s", name, row)
		}
	}
	for name := range listed {
		t.Errorf("docs/audit-log.md tells of %s, which does not exist", name)
	}
}

// reads reports whether an RPC only reads.
func reads(method protoreflect.MethodDescriptor) bool {
	return regexp.MustCompile(`^(Get|List|Quote|WaitFor|Watch|Prepare)`).MatchString(string(method.Name()))
}

func TestEveryActionOfTheAuditLogIsDocumentedAndRecordedByItsService(t *testing.T) {
	t.Parallel()
	known := actions(t)
	for _, row := range auditedAction.FindAllStringSubmatch(content(t, "docs/audit-log.md"), -1) {
		for _, action := range codeSpan.FindAllStringSubmatch(row[1], -1) {
			constant, ok := known[action[1]]
			delete(known, action[1])
			if !ok {
				t.Errorf("docs/audit-log.md has the action %s, which does not exist or stands twice", action[1])
			}
			if !mentioned(t, filepath.Join("services", row[2]), "audit."+constant, false) {
				t.Errorf("%s does not record %s", row[2], action[1])
			}
		}
	}
	for action := range known {
		t.Errorf("docs/audit-log.md does not tell of %s", action)
	}
}

// mentioned reports whether a folder's Go code, or its tests, contain text.
func mentioned(t *testing.T, folder, text string, tests bool) bool {
	t.Helper()
	found := false
	err := filepath.WalkDir(filepath.Join(root(t), folder), func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") != tests {
			return err
		}
		code, err := os.ReadFile(path)
		found = found || regexp.MustCompile(regexp.QuoteMeta(text)+`\b`).Match(code)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheGatewayAsksEveryServiceThatHasAnAuditLog(t *testing.T) {
	t.Parallel()
	apps, err := filepath.Glob(filepath.Join(root(t), "services", "*", "internal", "app", "app.go"))
	if err != nil || len(apps) < 7 {
		t.Fatalf("%v, %v", apps, err)
	}
	asked := regexp.MustCompile(`var audited = \[\]string\{(.*)\}`).FindStringSubmatch(content(t, "gateway/internal/app/app.go"))
	if asked == nil {
		t.Fatal("the gateway names no services")
	}
	names := strings.Split(strings.ReplaceAll(asked[1], `"`, ""), ", ")
	for _, app := range apps {
		text, err := os.ReadFile(app)
		if err != nil {
			t.Fatal(err)
		}
		service := strings.Split(filepath.ToSlash(strings.TrimPrefix(app, root(t)+string(filepath.Separator))), "/")[1]
		if has := strings.Contains(string(text), "audit.Register("); has != slices.Contains(names, service) {
			t.Errorf("%s has an audit log: %t; the gateway asks %v", service, has, names)
		}
	}
}
