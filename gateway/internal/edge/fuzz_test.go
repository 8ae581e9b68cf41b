package edge

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"
)

// FuzzBody: a body is refused as malformed or invalid, in the contract's words, or it is JSON, whatever the operation.
func FuzzBody(f *testing.F) {
	known, err := readContract()
	if err != nil {
		f.Fatal(err)
	}
	// A seed is to mean the same operation always.
	all := slices.SortedFunc(slices.Values(known), func(a, b contractOperation) int { return cmp.Compare(a.id, b.id) })
	all = slices.DeleteFunc(all, func(op contractOperation) bool {
		mediaType, _ := op.body()
		return mediaType != "application/json"
	})
	for i, op := range all {
		_, schema := op.body()
		content, err := json.Marshal(full(schema))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), content)
	}
	for _, text := range []string{"", " ", "null", "[]", "{}", `{"name":null}`, `{"lines":[{}]}`, `{"amount":{"amount":1e400,"currency":"GBP"}}`, "\xff", `{"":0}`} {
		f.Add(uint8(0), []byte(text))
	}
	f.Fuzz(func(t *testing.T, operation uint8, content []byte) {
		_, schema := all[int(operation)%len(all)].body()
		err := checkJSON(content, schema)
		var problem *Problem
		switch {
		case err == nil && !json.Valid(content):
			t.Errorf("passed %q", content)
		case err == nil:
		case !errors.As(err, &problem):
			t.Errorf("%q: %v", content, err)
		case problem.Status != http.StatusBadRequest && problem.Status != http.StatusUnprocessableEntity:
			t.Errorf("%q: %d", content, problem.Status)
		}
	})
}
