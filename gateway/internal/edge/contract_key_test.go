package edge

import (
	"maps"
	"net/http"
	"os"
	"regexp"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
)

// A row of the table in docs/idempotency.md.
var keyRow = regexp.MustCompile("(?m)^\\| `([A-Z]+ /[^`]+)` \\| (required|honored|repeatable) \\| [^|]+ \\|$")

func TestTheTableOfIdempotencyKeysIsComplete(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../../docs/idempotency.md")
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]string{}
	for _, row := range keyRow.FindAllStringSubmatch(string(text), -1) {
		table[row[1]] = row[2]
	}
	left := maps.Clone(table)
	for _, op := range contract(t) {
		if op.method == http.MethodGet {
			continue
		}
		name := op.method + " " + op.path
		delete(left, name)
		key := op.Parameters.GetByInAndName(openapi3.ParameterInHeader, "Idempotency-Key")
		switch says := table[name]; {
		case says == "":
			t.Errorf("the table lacks %s", name)
		case key == nil && (says == "required" || says == "honored"), key != nil && key.Required != (says == "required"),
			key != nil && !key.Required && says != "honored":
			t.Errorf("the table says %s for %s, but in openapi.yaml the key is %+v", says, name, key)
		}
		if key != nil && (op.Responses.Value("409") == nil || op.Responses.Value("422") == nil) {
			t.Errorf("%s takes a key and does not list 409 and 422", name)
		}
	}
	for name := range left {
		t.Errorf("the table has %s, which is not in openapi.yaml", name)
	}
}
