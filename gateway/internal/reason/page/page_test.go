package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/reason"
)

func TestThePageOfErrorsIsUpToDate(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..", "..", "..")
	want, err := page(root)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(filepath.Join(root, "docs", "errors.md"))
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("docs/errors.md is not up to date: run make gen")
	}
}

func TestEachReasonIsAnsweredWithTheStatusOfItsCode(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	statuses := statusesOf(spec)
	for r, answer := range reason.Answers {
		if got := strconv.Itoa(answer.Status); !slices.Contains(statuses[string(answer.Code)], got) {
			t.Errorf("%s is answered %s, and openapi.yaml has %s with %q", r, got, answer.Code, statuses[string(answer.Code)])
		}
	}
}
