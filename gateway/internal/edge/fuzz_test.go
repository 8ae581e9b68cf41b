package edge

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"testing"

	"souk/gateway/internal/schema"
)

// FuzzBody checks that the edge either refuses a body as malformed or invalid with a documented error, or passes it as JSON,
// for every operation.
func FuzzBody(f *testing.F) {
	known, err := readContract()
	if err != nil {
		f.Fatal(err)
	}
	// Sorted, so that a seed always selects the same operation.
	all := slices.SortedFunc(slices.Values(known), func(a, b contractOperation) int { return cmp.Compare(a.id, b.id) })
	all = slices.DeleteFunc(all, func(op contractOperation) bool {
		mediaType, _ := op.body()
		return mediaType != "application/json"
	})
	schemas := make([]*schema.Schema, len(all))
	for i, op := range all {
		_, body := op.body()
		content, err := json.Marshal(full(body))
		if err != nil {
			f.Fatal(err)
		}
		if schemas[i], err = schema.Compile(body); err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), content)
	}
	for _, text := range []string{"", " ", "null", "[]", "{}", `{"name":null}`, `{"lines":[{}]}`, `{"amount":{"amount":1e400,"currency":"GBP"}}`, "\xff", `{"":0}`} {
		f.Add(uint8(0), []byte(text))
	}
	f.Fuzz(func(t *testing.T, operation uint8, content []byte) {
		checked, err := checkJSON(t.Context(), content, schemas[int(operation)%len(all)])
		var problem *Problem
		switch {
		case err == nil && (!json.Valid(content) || !json.Valid(checked)):
			t.Errorf("passed %q as %q", content, checked)
		case err == nil:
		case !errors.As(err, &problem):
			t.Errorf("%q: %v", content, err)
		case problem.Status != http.StatusBadRequest && problem.Status != http.StatusUnprocessableEntity:
			t.Errorf("%q: %d", content, problem.Status)
		}
	})
}
