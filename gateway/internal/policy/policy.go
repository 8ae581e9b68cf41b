// Package policy reads from openapi.yaml how each operation is served (the extension x-souk-policy).
package policy

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/platform/admission"
)

// extension is the name of the policy in openapi.yaml. A policy has all four fields:
//
//	x-souk-policy: { timeout: 10s, cost: usual, class: browsing, answer: new }
const extension = "x-souk-policy"

// Policy says how an operation is served.
type Policy struct {
	// Timeout is the maximum time of a request; 0 for streams, which have no end.
	Timeout time.Duration
	Cost    Cost
	Class   admission.Class
	Answer  Answer
}

// Cost is the cost of an operation. Costs other than Usual have rate limits of their own.
type Cost string

// The costs of operations.
const (
	Usual    Cost = "usual"
	Password Cost = "password" // hashes a password
	Refresh  Cost = "refresh"  // renews a session
	Client   Cost = "client"   // takes the secret of a partner's client
	Mail     Cost = "mail"     // has a mail sent, or takes the token of one
	Checkout Cost = "checkout" // places an order
)

// Answer says whether an answer may be old.
type Answer string

// The kinds of answers.
const (
	// New answers come from the services now.
	New Answer = "new"
	// Unchanged answers may come from the cache as long as the cached version has not changed.
	Unchanged Answer = "unchanged"
	// LastGood answers may also be old while a service is down.
	LastGood Answer = "last-good"
)

var (
	costs   = []Cost{Usual, Password, Refresh, Client, Mail, Checkout}
	classes = map[string]admission.Class{"browsing": admission.Browsing, "checkout": admission.Checkout}
	answers = []Answer{New, Unchanged, LastGood}
)

// noTimeout is the timeout of streams in openapi.yaml.
const noTimeout = "none"

// Of returns the policy of an operation. Its error names the missing or invalid field.
func Of(operation *openapi3.Operation) (Policy, error) {
	fields, ok := operation.Extensions[extension].(map[string]any)
	if !ok {
		return Policy{}, errors.New("has no " + extension)
	}
	var errs []error
	field := func(name string) string {
		text, ok := fields[name].(string)
		if !ok {
			errs = append(errs, fmt.Errorf("%s has no %s", extension, name))
		}
		return text
	}
	p := Policy{Cost: Cost(field("cost")), Answer: Answer(field("answer"))}
	timeout, class := field("timeout"), field("class")
	if errs != nil {
		return Policy{}, errors.Join(errs...)
	}
	var known bool
	if p.Class, known = classes[class]; !known {
		errs = append(errs, fmt.Errorf("%s: class %q is not one of %q", extension, class, slices.Sorted(maps.Keys(classes))))
	}
	if !slices.Contains(costs, p.Cost) {
		errs = append(errs, fmt.Errorf("%s: cost %q is not one of %q", extension, p.Cost, costs))
	}
	if !slices.Contains(answers, p.Answer) {
		errs = append(errs, fmt.Errorf("%s: answer %q is not one of %q", extension, p.Answer, answers))
	}
	if timeout != noTimeout {
		var err error
		if p.Timeout, err = time.ParseDuration(timeout); err != nil || p.Timeout <= 0 {
			errs = append(errs, fmt.Errorf("%s: timeout %q is neither a time nor %q", extension, timeout, noTimeout))
		}
	}
	return p, errors.Join(errs...)
}

type answerKey struct{}

// WithAnswer returns ctx for a request whose answer may be as old as answer says.
func WithAnswer(ctx context.Context, answer Answer) context.Context {
	return context.WithValue(ctx, answerKey{}, answer)
}

// AnswerOf returns whether the answer to ctx's request may be old. Without WithAnswer it is New.
func AnswerOf(ctx context.Context) Answer {
	if answer, ok := ctx.Value(answerKey{}).(Answer); ok {
		return answer
	}
	return New
}
