package access

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
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
	Staff    Audience = "staff"
)

// Route is a method of a path of the REST API, and who may use it.
type Route struct {
	Method, Path string
	Who          Audience
	Policy       Policy
	Operation    *openapi3.Operation
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
			who, err := audienceOf(operation)
			policy, policyErr := policyOf(operation)
			for _, err := range []error{err, policyErr} {
				if err != nil {
					errs = append(errs, fmt.Errorf("%s %s %w", method, path, err))
				}
			}
			operation.Parameters = append(slices.Clone(item.Parameters), operation.Parameters...)
			routes = append(routes, Route{Method: method, Path: path, Who: who, Policy: policy, Operation: operation})
		}
	}
	slices.SortFunc(routes, func(a, b Route) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Method, b.Method))
	})
	return routes, errors.Join(errs...)
}

// audienceOf reads the security of an operation. One that says nothing would be open by oversight.
func audienceOf(operation *openapi3.Operation) (Audience, error) {
	role, hasRole := operation.Extensions["x-souk-role"]
	switch {
	case operation.Security == nil:
		return "", errors.New("says nothing of its security")
	case hasRole && role != string(Staff):
		return "", fmt.Errorf("has the unknown role %v", role)
	case hasRole && len(*operation.Security) != 1:
		return "", errors.New("has a role, and yet needs no token")
	case hasRole:
		return Staff, nil
	case len(*operation.Security) == 0:
		return Anyone, nil
	case slices.ContainsFunc(*operation.Security, func(r openapi3.SecurityRequirement) bool { return len(r) == 0 }):
		return Optional, nil
	default:
		return Customer, nil
	}
}
