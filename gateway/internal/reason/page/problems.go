package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/api"
)

// problem is a code of the REST API on the page.
type problem struct {
	Code    string
	Status  string
	Text    string
	Reasons string
}

// problemsOf returns the codes in the order of openapi.yaml.
func problemsOf(contracts []contract) ([]problem, error) {
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		return nil, err
	}
	codes := spec.Components.Schemas["ProblemCode"].Value
	texts, _ := codes.Extensions["x-enumDescriptions"].(map[string]any)
	statuses, reasons := statusesOf(spec), reasonsOf(contracts)
	all := make([]problem, len(codes.Enum))
	for i, value := range codes.Enum {
		code := fmt.Sprint(value)
		text, _ := texts[code].(string)
		if text == "" || len(statuses[code]) == 0 {
			return nil, fmt.Errorf("openapi.yaml does not explain %s, or no answer has it", code)
		}
		all[i] = problem{Code: code, Status: strings.Join(statuses[code], ", "), Text: oneLine(text), Reasons: strings.Join(reasons[code], ", ")}
	}
	if len(texts) != len(all) {
		return nil, fmt.Errorf("openapi.yaml explains %d codes of %d", len(texts), len(all))
	}
	return all, nil
}

// statusesOf returns the statuses that go with each code, in order. It is one for all codes but second_factor_required.
func statusesOf(spec *openapi3.T) map[string][]string {
	// The router answers with it, and no operation.
	statuses := map[string][]string{string(api.ProblemCodeMethodNotAllowed): {"405"}}
	for _, path := range spec.Paths.Map() {
		for _, operation := range path.Operations() {
			for status, answer := range operation.Responses.Map() {
				for _, code := range codesOf(answer.Value) {
					name := fmt.Sprint(code)
					statuses[name] = append(statuses[name], status)
				}
			}
		}
	}
	for code, all := range statuses {
		slices.Sort(all)
		statuses[code] = slices.Compact(all)
	}
	return statuses
}

// codesOf returns the codes of the problems that a response may be. They stand beside the reference to Problem, which has all codes.
func codesOf(response *openapi3.Response) []any {
	media := response.Content["application/problem+json"]
	if media == nil {
		return nil
	}
	var codes []any
	for _, part := range media.Schema.Value.AllOf {
		if code := part.Value.Properties["code"]; part.Ref == "" && code != nil {
			codes = append(codes, code.Value.Enum...)
		}
	}
	return codes
}

// reasonsOf returns the reasons that are answered with each code.
func reasonsOf(contracts []contract) map[string][]string {
	reasons := map[string][]string{}
	for _, c := range contracts {
		for _, r := range c.Reasons {
			if r.code != "" {
				reasons[r.code] = append(reasons[r.code], fmt.Sprintf("`%s` of %s", r.Name, c.Service))
			}
		}
	}
	return reasons
}
