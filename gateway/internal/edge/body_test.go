package edge

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNestingEndsAtItsLimit(t *testing.T) {
	t.Parallel()
	for depth, passes := range map[int]bool{1: true, 32: true, 33: false} {
		for _, pair := range [][2]string{{"[", "]"}, {`{"a":`, "}"}} {
			text := strings.Repeat(pair[0], depth) + "1" + strings.Repeat(pair[1], depth)
			if err := scan([]byte(text)); (err == nil) != passes || err != nil && !strings.Contains(err.Error(), "deeper") {
				t.Errorf("%d levels of %s: %v", depth, pair[0], err)
			}
		}
	}
}

func TestAFieldMayStandInTwoObjects(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"a":{"a":1},"b":{"a":1}}`, `[{"a":1},{"a":1}]`, `{"a":1,"A":1}`} {
		if err := scan([]byte(text)); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestProblemsSayWhatAValueMustBe(t *testing.T) {
	t.Parallel()
	e := serveEdge(t)
	for body, want := range map[string]string{
		`{"delta": "x", "reason": "r"}`:                              "must be an integer",
		`{"delta": null, "reason": "r"}`:                             "must be an integer",
		`{"delta": 1e400, "reason": "r"}`:                            "must be an integer",
		`{"delta": 1e30, "reason": "r"}`:                             "must be at most 1000000000",
		`{"delta": -2e9, "reason": "r"}`:                             "must be at least -1000000000",
		`{"delta": 1.0, "reason": "r"}`:                              "must not be a number 1.0",
		`{"delta": 1}`:                                               "is required",
		`{"delta": 1, "reason": ""}`:                                 "must have at least 1 characters",
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

// FuzzScan: what scan lets pass is JSON, and what it refuses is not, or is what scan is for.
func FuzzScan(f *testing.F) {
	for _, seed := range []string{`{"a":[1,{"b":null}]}`, `[1,]`, `{"a":1]`, `{"a" 1}`, `1 2`, `{,}`, `[,]`, `"\ud800"`, `{"a":1,}`, `-`, `01`} {
		f.Add([]byte(seed))
	}
	for _, text := range brokenTexts(`{"name":1}`) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		err := scan(text)
		if err == nil && !json.Valid(text) {
			t.Errorf("passed %q", text)
		}
		if err != nil && json.Valid(text) {
			for _, own := range []string{"stands twice", "U+0000", "deeper"} {
				if strings.Contains(err.Error(), own) {
					return
				}
			}
			t.Errorf("refused %q: %v", text, err)
		}
	})
}
