// Package contract is responsible for holding answers of the gateway against openapi.yaml, in tests: an answer with a status, a
// code, a header, a media type or a body that the contract does not list is a violation, and so is one that blames a field which no
// client can send.
package contract

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"souk/gateway"
)

// The name of the contract among the schema compiler's resources.
const resource = "contract:///openapi.yaml"

// Where the schema of every problem stands.
const problemSchema = "/components/schemas/Problem"

// Contract is openapi.yaml, ready to hold answers against.
type Contract struct {
	// patterns finds the operation of a request as the gateway's own router does.
	patterns   *http.ServeMux
	operations map[string]map[int]*response
	requests   map[string]request
	problem    *jsonschema.Schema
}

// listed marks the handlers of operations. The mux has others, which redirect.
type listed struct{ http.Handler }

// response is what an operation may answer with a status.
type response struct {
	headers openapi3.Headers
	// bodies are the schemas by media type; nil for a stream, whose body does not end. Without any, the body is empty.
	bodies map[string]*jsonschema.Schema
}

// Load reads the contract, once.
var Load = sync.OnceValues(func() (*Contract, error) { return Parse(gateway.Spec) })

// Parse reads an openapi.yaml, for example that of a release.
func Parse(content []byte) (*Contract, error) {
	spec, err := openapi3.NewLoader().LoadFromData(content)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	compiler, err := compilerOf(spec)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	c := &Contract{patterns: http.NewServeMux(), operations: map[string]map[int]*response{}, requests: map[string]request{}}
	if c.problem, err = compiler.Compile(resource + "#" + problemSchema); err != nil {
		return nil, err
	}
	for path, item := range spec.Paths.Map() {
		for method, op := range item.Operations() {
			pattern := method + " " + path
			c.patterns.Handle(pattern, listed{http.NotFoundHandler()})
			c.requests[pattern] = requestOf(item, op)
			if c.operations[pattern], err = responsesOf(compiler, path, method, op); err != nil {
				return nil, fmt.Errorf("openapi.yaml: %s: %w", pattern, err)
			}
		}
	}
	return c, nil
}

func responsesOf(compiler *jsonschema.Compiler, path, method string, op *openapi3.Operation) (map[int]*response, error) {
	found := map[int]*response{}
	for key, ref := range op.Responses.Map() {
		status := 0
		if _, err := fmt.Sscan(key, &status); err != nil {
			return nil, fmt.Errorf("response %s: %w", key, err)
		}
		at := pointer("paths", path, strings.ToLower(method), "responses", key)
		if ref.Ref != "" {
			at = strings.TrimPrefix(ref.Ref, "#")
		}
		r := &response{headers: ref.Value.Headers, bodies: map[string]*jsonschema.Schema{}}
		for mediaType := range ref.Value.Content {
			r.bodies[mediaType] = nil
			if mediaType == eventStream || mediaType == csvFile {
				continue
			}
			schema, err := compiler.Compile(resource + "#" + at + pointer("content", mediaType, "schema"))
			if err != nil {
				return nil, fmt.Errorf("response %s: %w", key, err)
			}
			r.bodies[mediaType] = schema
		}
		found[status] = r
	}
	return found, nil
}

// pointer writes a JSON pointer (RFC 6901) as it stands in an address.
func pointer(names ...string) string {
	var text strings.Builder
	escape := strings.NewReplacer("~", "~0", "/", "~1", "{", "%7B", "}", "%7D")
	for _, name := range names {
		text.WriteString("/" + escape.Replace(name))
	}
	return text.String()
}

// compilerOf returns a compiler of the schemas that stand in the contract. OpenAPI 3.1 has them as JSON Schema 2020-12.
func compilerOf(spec *openapi3.T) (*jsonschema.Compiler, error) {
	content, err := spec.MarshalJSON()
	if err != nil {
		return nil, err
	}
	var tree any
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.UseNumber()
	if err := decoder.Decode(&tree); err != nil {
		return nil, err
	}
	closeObjects(tree)
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft2020)
	compiler.AssertFormat()
	return compiler, compiler.AddResource(resource, tree)
}

// closeObjects has every object that names its properties refuse all others: clients may ignore what they do not know, but
// the gateway sends nothing that is not in the contract.
func closeObjects(tree any) {
	switch node := tree.(type) {
	case []any:
		for _, item := range node {
			closeObjects(item)
		}
	case map[string]any:
		_, named := node["properties"].(map[string]any)
		if _, said := node["additionalProperties"]; node["type"] == "object" && named && !said {
			node["additionalProperties"] = false
		}
		for _, value := range node {
			closeObjects(value)
		}
	}
}
