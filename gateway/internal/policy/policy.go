// Package policy is responsible for how an operation is served, as openapi.yaml says beside it: x-souk-policy.
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

// extension is the name of a policy in openapi.yaml. It looks like this, and has all four fields:
//
//	x-souk-policy: { timeout: 10s, cost: usual, class: browsing, answer: new }
const extension = "x-souk-policy"

// Policy is how an operation is served.
type Policy struct {
	// Timeout is how long a request may take; 0 for the streams, which have no end.
	Timeout time.Duration
	Cost    Cost
	Class   admission.Class
	Answer  Answer
}

// Cost is what an operation costs. Other than Usual ones have rate limits of their own.
type Cost string

// The costs.
const (
	Usual    Cost = "usual"
	Password Cost = "password" // a password is hashed
	Refresh  Cost = "refresh"  // a session is renewed
	Checkout Cost = "checkout" // an order is placed
)

// Answer is how old an answer may be.
type Answer string

// How old answers may be.
const (
	// New answers are made of what the services say now.
	New Answer = "new"
	// Unchanged answers may be made of what is kept, as long as it has not changed.
	Unchanged Answer = "unchanged"
	// LastGood answers may also be made of what was good last, while a service is away.
	LastGood Answer = "last-good"
)

var (
	costs   = []Cost{Usual, Password, Refresh, Checkout}
	classes = map[string]admission.Class{"browsing": admission.Browsing, "checkout": admission.Checkout}
	answers = []Answer{New, Unchanged, LastGood}
)

// noTimeout is the timeout of streams in openapi.yaml.
const noTimeout = "none"

// Of returns the policy of an operation. The error names the field that is missing or wrong.
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

// WithAnswer returns the context of a request whose answer may be so old.
func WithAnswer(ctx context.Context, answer Answer) context.Context {
	return context.WithValue(ctx, answerKey{}, answer)
}

// AnswerOf returns how old the answer to a request may be. It is New for a request that nothing was said of.
func AnswerOf(ctx context.Context) Answer {
	if answer, ok := ctx.Value(answerKey{}).(Answer); ok {
		return answer
	}
	return New
}
