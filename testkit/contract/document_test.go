package contract

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
)

// operation is an operation of the contract with its pattern.
type operation struct {
	pattern string
	path    *openapi3.PathItem
	*openapi3.Operation
}

func document(t *testing.T) (*openapi3.T, []operation) {
	t.Helper()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	var all []operation
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			all = append(all, operation{method + " " + path, item, op})
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d operations", len(all))
	}
	return spec, all
}

// answers calls visit for each schema of a body that the gateway answers with, those inside of others included.
func answers(operations []operation, visit func(name string, schema *openapi3.Schema)) {
	seen := map[*openapi3.Schema]bool{}
	var walk func(name string, ref *openapi3.SchemaRef)
	walk = func(name string, ref *openapi3.SchemaRef) {
		if ref == nil || seen[ref.Value] {
			return
		}
		if ref.Ref != "" {
			name = ref.Ref[strings.LastIndex(ref.Ref, "/")+1:]
		}
		seen[ref.Value] = true
		visit(name, ref.Value)
		for property, inner := range ref.Value.Properties {
			walk(name+"."+property, inner)
		}
		walk(name+"[]", ref.Value.Items)
		for _, part := range slices.Concat(ref.Value.AllOf, ref.Value.OneOf, ref.Value.AnyOf) {
			walk(name, part)
		}
	}
	for _, op := range operations {
		for status, answer := range op.Responses.Map() {
			for _, media := range answer.Value.Content {
				walk(op.pattern+" "+status, media.Schema)
			}
		}
	}
}

func TestWhatAnAnswerAlwaysHasIsRequired(t *testing.T) {
	t.Parallel()
	_, operations := document(t)
	properties, optional := 0, 0
	answers(operations, func(name string, schema *openapi3.Schema) {
		if !schema.Type.Is(openapi3.TypeObject) {
			return // or it only narrows another
		}
		for property, ref := range schema.Properties {
			properties++
			if slices.Contains(schema.Required, property) {
				continue
			}
			if optional++; !strings.Contains(strings.ToLower(ref.Value.Description), "absent") {
				t.Errorf("%s.%s is not required, and its description does not say when it is absent: %q", name, property, ref.Value.Description)
			}
		}
	})
	t.Logf("%d properties of answers, of which %d may be absent", properties, optional)
	if properties < 120 {
		t.Errorf("only %d properties: this test looks for the wrong thing", properties)
	}
}

func TestEverythingHasADescription(t *testing.T) {
	t.Parallel()
	spec, operations := document(t)
	need := func(what, description string) {
		if strings.TrimSpace(description) == "" {
			t.Errorf("%s has no description", what)
		}
	}
	for _, op := range operations {
		need(op.pattern, op.Description)
		for _, p := range slices.Concat(op.Parameters, op.path.Parameters) {
			need(op.pattern+" "+p.Value.Name, p.Value.Description)
		}
		for status, answer := range op.Responses.Map() {
			need(op.pattern+" "+status, *answer.Value.Description)
			for name, header := range answer.Value.Headers {
				need(op.pattern+" "+status+" "+name, header.Value.Description)
			}
		}
	}
	for name, schema := range spec.Components.Schemas {
		need(name, schema.Value.Description)
		for property, ref := range schema.Value.Properties {
			need(name+"."+property, ref.Value.Description)
		}
	}
	for _, tag := range spec.Tags {
		need(tag.Name, tag.Description)
	}
}

func TestEveryAnswerDeclaresItsHeaders(t *testing.T) {
	t.Parallel()
	_, operations := document(t)
	always := map[int][]string{
		http.StatusUnauthorized: {"WWW-Authenticate"}, http.StatusTooManyRequests: {"Retry-After"}, http.StatusServiceUnavailable: {"Retry-After"},
	}
	for _, op := range operations {
		for status, answer := range op.Responses.Map() {
			code, err := strconv.Atoi(status)
			if err != nil {
				t.Errorf("%s: %v", op.pattern, err)
			}
			for _, name := range append([]string{requestID}, always[code]...) {
				if header := answer.Value.Headers[name]; header == nil || !header.Value.Required {
					t.Errorf("%s %s does not declare that it always has %s", op.pattern, status, name)
				}
			}
		}
	}
}

func TestEveryBodyHasAnExampleThatItsSchemaAllows(t *testing.T) {
	t.Parallel()
	spec, operations := document(t)
	examined := 0
	need := func(what string, content openapi3.Content) {
		for mediaType, media := range content {
			examined++
			if media.Example == nil && len(media.Examples) == 0 && len(media.Schema.Value.Examples) == 0 && media.Schema.Value.Example == nil {
				t.Errorf("%s has no example in %s", what, mediaType)
			}
		}
	}
	for _, op := range operations {
		if op.RequestBody != nil {
			need("the body of "+op.pattern, op.RequestBody.Value.Content)
		}
		for status, answer := range op.Responses.Map() {
			if status < "300" {
				need(op.pattern+" "+status, answer.Value.Content)
			}
		}
	}
	if len(spec.Components.Schemas["Problem"].Value.Examples) == 0 {
		t.Error("there is no example of a problem")
	}
	compiler, err := compilerOf(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(spec.Components.Schemas)) {
		schema, err := compiler.Compile(resource + "#" + pointer("components", "schemas", name))
		if err != nil {
			t.Fatal(err)
		}
		for i, example := range spec.Components.Schemas[name].Value.Examples {
			if err := schema.Validate(example); err != nil {
				t.Errorf("example %d of %s: %v", i, name, err)
			}
		}
	}
	if examined < 45 {
		t.Errorf("only %d bodies", examined)
	}
}
