// Package schema makes JSON schemas of the kinds of Kubernetes from the OpenAPI document of its API server.
package schema

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
)

// Document is an OpenAPI 2 document, as an API server answers /openapi/v2 with.
type Document struct {
	Definitions map[string]map[string]any `json:"definitions"`
}

// Kind is a kind of objects. Group is empty for the oldest ones, such as Service.
type Kind struct{ Group, Version, Kind string }

// File returns the name of the file in which kubeconform looks for the schema of a kind: deployment-apps-v1.json.
func (k Kind) File() string {
	group, _, _ := strings.Cut(k.Group, ".")
	parts := []string{k.Kind, group, k.Version}
	if group == "" {
		parts = []string{k.Kind, k.Version}
	}
	return strings.ToLower(strings.Join(parts, "-")) + ".json"
}

const reference = "#/definitions/"

// Of returns the schema of a kind, with all that it refers to. It refuses fields that the kind does not have. The schema is empty if the
// document does not know the kind.
func (d Document) Of(kind Kind) ([]byte, error) {
	for name, definition := range d.Definitions {
		if !is(definition, kind) {
			continue
		}
		found := map[string]any{}
		if err := d.collect(name, found); err != nil {
			return nil, err
		}
		return json.MarshalIndent(map[string]any{
			"$schema": "http://json-schema.org/draft-07/schema#", "$ref": reference + name, "definitions": found,
		}, "", " ")
	}
	return nil, nil
}

// is reports whether a definition is the one of a kind.
func is(definition map[string]any, kind Kind) bool {
	kinds, _ := definition["x-kubernetes-group-version-kind"].([]any)
	if len(kinds) != 1 {
		return false // options of many kinds
	}
	want := map[string]any{"group": kind.Group, "version": kind.Version, "kind": kind.Kind}
	got, _ := kinds[0].(map[string]any)
	return maps.Equal(got, want)
}

// Two definitions say less than the API server accepts, because OpenAPI 2 has no alternatives.
var either = map[string][]string{
	"io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"string", "integer"},
	"io.k8s.apimachinery.pkg.api.resource.Quantity":   {"string", "number"},
}

// collect adds a definition to found, and those that it refers to.
func (d Document) collect(name string, found map[string]any) error {
	if found[name] != nil {
		return nil
	}
	if types := either[name]; types != nil {
		found[name] = map[string]any{"type": types}
		return nil
	}
	definition, ok := d.Definitions[name]
	if !ok {
		return fmt.Errorf("the document does not define %s", name)
	}
	schema := strict(definition)
	found[name] = schema
	for _, target := range references(schema) {
		if err := d.collect(strings.TrimPrefix(target, reference), found); err != nil {
			return err
		}
	}
	return nil
}

// strict returns a schema without what does not concern validation, and with only the fields that it names.
func strict(schema map[string]any) map[string]any {
	result := map[string]any{}
	for key, value := range schema {
		if key == "description" || key == "default" || strings.HasPrefix(key, "x-") {
			continue
		}
		result[key] = value
		if child, ok := value.(map[string]any); ok {
			result[key] = strictChild(key, child)
		}
	}
	if result["properties"] != nil && result["additionalProperties"] == nil {
		result["additionalProperties"] = false
	}
	return result
}

// strictChild is strict for what stands below a key. Below properties, the keys are the names of fields.
func strictChild(key string, child map[string]any) map[string]any {
	if key != "properties" {
		return strict(child)
	}
	fields := map[string]any{}
	for name, field := range child {
		fields[name] = strict(field.(map[string]any))
	}
	return fields
}

// references returns the targets of all references in a schema.
func references(value any) (targets []string) {
	schema, _ := value.(map[string]any)
	for key, child := range schema {
		if target, ok := child.(string); ok && key == "$ref" {
			targets = append(targets, target)
		}
		targets = append(targets, references(child)...)
	}
	return targets
}
