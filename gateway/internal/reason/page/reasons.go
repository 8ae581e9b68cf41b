package main

import (
	"cmp"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"

	"souk/gateway/internal/reason"
	"souk/platform/rpc"
)

const anyService = "any service"

// contract is a service's contract with its reasons, or souk.errors.v1.
type contract struct {
	// Service is its name, or anyService.
	Service string
	// File has the reasons, below proto/.
	File    string
	Reasons []row
}

// row is a reason on the page.
type row struct {
	Name string
	// Answer is the status and the code of the gateway's answer, or why there is none.
	Answer string
	Text   string
	code   string
}

// contractsOf returns the contracts with reasons, souk.errors.v1 first and the others in the order of their names.
func contractsOf(root string) ([]contract, error) {
	var all []contract
	var texts map[string]string
	for _, r := range rpc.Reasons() {
		file := r.Descriptor().ParentFile().Path()
		if len(all) == 0 || all[len(all)-1].File != file {
			var err error
			if texts, err = comments(filepath.Join(root, "proto", "gen", strings.TrimSuffix(file, ".proto")+".pb.go")); err != nil {
				return nil, err
			}
			all = append(all, contract{Service: serviceOf(r), File: file})
		}
		text, ok := texts[r.String()]
		if !ok {
			return nil, fmt.Errorf("%s has no comment on %s", file, r)
		}
		last := &all[len(all)-1]
		last.Reasons = append(last.Reasons, rowOf(r, text))
	}
	slices.SortStableFunc(all, func(a, b contract) int {
		return cmp.Compare(place(a), place(b))
	})
	return all, nil
}

func place(c contract) int {
	if c.Service == anyService {
		return 0
	}
	return 1
}

// serviceOf returns "orders" for a reason of souk.orders.v1.
func serviceOf(r rpc.ErrorReason) string {
	if name := string(r.Descriptor().ParentFile().Package().Parent().Name()); name != "errors" {
		return name
	}
	return anyService
}

func rowOf(r rpc.ErrorReason, text string) row {
	found := row{Name: rpc.ReasonName(r), Answer: "nothing, because " + reason.Inside[r], Text: text}
	if answer, ok := reason.Answers[r]; ok {
		found.code = string(answer.Code)
		found.Answer = fmt.Sprintf("%d `%s`", answer.Status, answer.Code)
	}
	return found
}

// comments returns the comments on the values of the enums in a generated file. The compiler of proto puts them there, while the
// descriptors that a program has at run time have none.
func comments(file string) (map[string]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	texts := map[string]string{}
	ast.Inspect(parsed, func(node ast.Node) bool {
		if value, ok := node.(*ast.ValueSpec); ok && value.Doc != nil {
			texts[strings.TrimPrefix(value.Names[0].Name, "ErrorReason_")] = oneLine(value.Doc.Text())
		}
		return true
	})
	return texts, nil
}
