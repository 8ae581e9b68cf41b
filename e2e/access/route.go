package access

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

// Audience is who may use a route.
type Audience string

// The audiences that openapi.yaml knows.
const (
	// Anyone may use it, and no token is looked at.
	Anyone Audience = "anyone"
	// Optional routes serve anyone, but a token that is given must be good.
	Optional Audience = "optional"
	Customer Audience = "customer"
	// Scoped routes serve whoever has their scope.
	Scoped Audience = "scoped"
)

// Route is a method of a path of the REST API, and who may use it.
type Route struct {
	Method, Path string
	Who          Audience
	// Scope is the one that a token must have, if the route is Scoped.
	Scope     accessv1.Scope
	Policy    Policy
	Operation *openapi3.Operation
}

// Policy is how a route is served, in the words of openapi.yaml's x-souk-policy.
type Policy struct{ Timeout, Cost, Class, Answer string }

// policyOf returns the policy of an operation. The gateway, which goes by it, checks the words.
func policyOf(operation *openapi3.Operation) (Policy, error) {
	fields, _ := operation.Extensions["x-souk-policy"].(map[string]any)
	word := func(name string) string {
		text, _ := fields[name].(string)
		return text
	}
	p := Policy{Timeout: word("timeout"), Cost: word("cost"), Class: word("class"), Answer: word("answer")}
	if p.Timeout == "" || p.Cost == "" || p.Class == "" || p.Answer == "" {
		return p, errors.New("does not say how it is served (x-souk-policy)")
	}
	return p, nil
}

// Name is the route's operationId.
func (r Route) Name() string { return r.Operation.OperationID }

// Routes returns every route of the contract in the file, by path. The error names each that does not say who may use
// it, or how it is served.
func Routes(file string) ([]Route, error) {
	spec, err := openapi3.NewLoader().LoadFromFile(file)
	if err != nil {
		return nil, err
	}
	return routesOf(spec)
}

func routesOf(spec *openapi3.T) ([]Route, error) {
	var routes []Route
	var errs []error
	for path, item := range spec.Paths.Map() {
		for method, operation := range item.Operations() {
			who, scope, err := audienceOf(operation)
			policy, policyErr := policyOf(operation)
			for _, err := range []error{err, policyErr} {
				if err != nil {
					errs = append(errs, fmt.Errorf("%s %s %w", method, path, err))
				}
			}
			operation.Parameters = append(slices.Clone(item.Parameters), operation.Parameters...)
			routes = append(routes, Route{Method: method, Path: path, Who: who, Scope: scope, Policy: policy, Operation: operation})
		}
	}
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return routes, errors.Join(errs...)
}

// audienceOf reads the security of an operation. One that says nothing would be open by oversight.
func audienceOf(operation *openapi3.Operation) (Audience, accessv1.Scope, error) {
	named, hasScope := operation.Extensions["x-souk-scope"]
	name, _ := named.(string)
	scope, known := access.ScopeNamed(name)
	switch {
	case operation.Security == nil:
		return "", 0, errors.New("says nothing of its security")
	case hasScope && !known:
		return "", 0, fmt.Errorf("has the unknown scope %v", named)
	case hasScope && len(*operation.Security) != 1:
		return "", 0, errors.New("has a scope, and yet needs no token")
	case hasScope:
		return Scoped, scope, nil
	case len(*operation.Security) == 0:
		return Anyone, 0, nil
	case slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 }):
		return Optional, 0, nil
	default:
		return Customer, 0, nil
	}
}

// Caller names whom the route serves.
func (r Route) Caller() string {
	if r.Who == Scoped {
		return access.ScopeName(r.Scope)
	}
	return string(r.Who)
}
