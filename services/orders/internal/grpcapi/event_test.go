package grpcapi

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	ordersv1 "souk/proto/gen/souk/orders/v1"
)

// It reads the domain's source, so that an event which is added there is missed here, whether or not a test emits it.
func TestTheContractListsEveryEventOfTheTimeline(t *testing.T) {
	t.Parallel()
	events := constantsOf(t, "../order", "Event")
	if listed := len(ordersv1.TimelineEvent_name) - 1; len(events) != listed {
		t.Errorf("orders has %d events, the contract lists %d: %v", len(events), listed, events)
	}
	for _, event := range events {
		if _, ok := ordersv1.TimelineEvent_value["TIMELINE_EVENT_"+strings.ToUpper(event)]; !ok {
			t.Errorf("the contract does not list the event %q", event)
		}
	}
}

// constantsOf returns the string constants of a type in a package's folder.
func constantsOf(t *testing.T, folder, typeName string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != typeName {
				return true
			}
			for _, value := range spec.Values {
				if text, ok := value.(*ast.BasicLit); ok && text.Kind == token.STRING {
					constant, _ := strconv.Unquote(text.Value)
					found = append(found, constant)
				}
			}
			return true
		})
	}
	return found
}
