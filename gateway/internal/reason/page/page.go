package main

import (
	_ "embed"
	"strings"
	"text/template"
)

//go:embed page.tmpl
var layout string

// page returns the text of docs/errors.md, or an error if a code or a reason is not explained.
func page(root string) (string, error) {
	contracts, err := contractsOf(root)
	if err != nil {
		return "", err
	}
	problems, err := problemsOf(contracts)
	if err != nil {
		return "", err
	}
	parsed, err := template.New("page").Parse(layout)
	if err != nil {
		return "", err
	}
	var text strings.Builder
	err = parsed.Execute(&text, map[string]any{"Problems": problems, "Contracts": contracts})
	return text.String(), err
}

// oneLine returns a text of several lines as a cell of a table.
func oneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}
