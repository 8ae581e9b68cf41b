package schema

import (
	"encoding/json"
	"strings"
	"testing"
)

const document = `{"definitions": {
  "v1.Shelf": {
    "description": "a shelf", "type": "object", "required": ["spec"],
    "properties": {
      "description": {"type": "string", "description": "a field of that name"},
      "spec": {"$ref": "#/definitions/v1.ShelfSpec", "default": {}},
      "labels": {"type": "object", "additionalProperties": {"type": "string"}}
    },
    "x-kubernetes-group-version-kind": [{"group": "goods.example.com", "kind": "Shelf", "version": "v1"}]
  },
  "v1.ShelfSpec": {"type": "object", "properties": {
    "above": {"$ref": "#/definitions/v1.ShelfSpec"},
    "port": {"$ref": "#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}
  }},
  "v1.Unused": {"type": "object"},
  "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {"type": "string", "format": "int-or-string"},
  "v1.DeleteOptions": {"x-kubernetes-group-version-kind": [
    {"group": "goods.example.com", "kind": "Shelf", "version": "v1"}, {"group": "", "kind": "DeleteOptions", "version": "v1"}
  ]}
}}`

func TestASchemaRefusesOtherFieldsAndHasAllThatItRefersTo(t *testing.T) {
	t.Parallel()
	got, err := parse(t, document).Of(Kind{"goods.example.com", "v1", "Shelf"})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"$ref":"#/definitions/v1.Shelf","$schema":"http://json-schema.org/draft-07/schema#","definitions":{
"io.k8s.apimachinery.pkg.util.intstr.IntOrString":{"type":["string","integer"]},
"v1.Shelf":{"additionalProperties":false,"properties":{
"description":{"type":"string"},
"labels":{"additionalProperties":{"type":"string"},"type":"object"},
"spec":{"$ref":"#/definitions/v1.ShelfSpec"}},"required":["spec"],"type":"object"},
"v1.ShelfSpec":{"additionalProperties":false,"properties":{
"above":{"$ref":"#/definitions/v1.ShelfSpec"},
"port":{"$ref":"#/definitions/io.k8s.apimachinery.pkg.util.intstr.IntOrString"}},"type":"object"}}}`
	if compact(t, got) != strings.ReplaceAll(want, "\n", "") {
		t.Errorf("got %s", got)
	}
}

func TestAKindThatTheDocumentDoesNotKnowHasNoSchema(t *testing.T) {
	t.Parallel()
	if got, err := parse(t, document).Of(Kind{"goods.example.com", "v2", "Shelf"}); got != nil || err != nil {
		t.Errorf("%s, %v", got, err)
	}
}

func TestADocumentThatRefersToNothingIsRefused(t *testing.T) {
	t.Parallel()
	torn := strings.Replace(document, `"v1.ShelfSpec": {`, `"v1.Other": {`, 1)
	if _, err := parse(t, torn).Of(Kind{"goods.example.com", "v1", "Shelf"}); err == nil || !strings.Contains(err.Error(), "v1.ShelfSpec") {
		t.Error(err)
	}
}

func TestAFileIsNamedAsKubeconformLooksForIt(t *testing.T) {
	t.Parallel()
	for want, kind := range map[string]Kind{
		"service-v1.json":                  {"", "v1", "Service"},
		"deployment-apps-v1.json":          {"apps", "v1", "Deployment"},
		"networkpolicy-networking-v1.json": {"networking.k8s.io", "v1", "NetworkPolicy"},
	} {
		if got := kind.File(); got != want {
			t.Errorf("%v is in %s, want %s", kind, got, want)
		}
	}
}

func parse(t *testing.T, text string) (d Document) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

func compact(t *testing.T, text []byte) string {
	t.Helper()
	var value any
	if err := json.Unmarshal(text, &value); err != nil {
		t.Fatal(err)
	}
	short, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(short)
}
