package edge

import (
	"strings"
	"testing"
)

func TestProblemsStateTheViolatedLimit(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for body, want := range map[string]string{
		`{"delta": "x", "reason": "r"}`:                              "must be an integer",
		`{"delta": null, "reason": "r"}`:                             "must be an integer",
		`{"delta": 1e400, "reason": "r"}`:                            "must be at most 1000000000",
		`{"delta": -1e400, "reason": "r"}`:                           "must be at least -1000000000",
		`{"delta": 1e30, "reason": "r"}`:                             "must be at most 1000000000",
		`{"delta": -2e9, "reason": "r"}`:                             "must be at least -1000000000",
		`{"delta": 1.5, "reason": "r"}`:                              "must be an integer",
		`{"delta": 1}`:                                               "is required",
		`{"delta": 1, "reason": ""}`:                                 "must have at least 1 character",
		`{"delta": 1, "reason": ["r"]}`:                              "must be a string",
		`{"delta": 1, "reason": "` + strings.Repeat("r", 201) + `"}`: "must have at most 200 characters",
	} {
		r := request{method: "POST", path: "/v1/inventory/SKU/adjustments", body: strings.NewReader(body), header: map[string]string{
			"Authorization": "Bearer " + e.staff, "Content-Type": "application/json",
		}}
		a := e.send(t, r)
		if a.status != 422 || len(a.problem.Errors) != 1 || a.problem.Errors[0].Message != want {
			t.Errorf("%s: %d %s, want %q", body, a.status, a.body, want)
		}
	}
}
