package access_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/e2e/access"
	"souk/e2e/shop"
)

// unwanted are fields that the shop decides on, as an attacker would set them.
var unwanted = map[string]any{
	"price": 1, "unit_price": shop.Money{Amount: 1, Currency: "GBP"}, "total": shop.Money{Amount: 1, Currency: "GBP"},
	"status": "delivered", "roles": []string{"customer", "staff"}, "Roles": []string{"staff"}, "is_staff": true, "role": "staff",
	"customer_id": "01a1fdf5-50cc-7955-ac6c-a4e9cd532448", "customerId": "01a1fdf5-50cc-7955-ac6c-a4e9cd532448",
	"id": "01a1fdf5-50cc-7955-ac6c-a4e9cd532448", "number": "MINE", "version": 99, "reserved": -5, "on_hand": 1000000,
	"refunded": 0, "captured": 1000000, "__proto__": object{"roles": []string{"staff"}}, "constructor": object{"roles": []string{"staff"}},
}

var injections atomic.Int64

func TestFieldsThatTheShopDecidesOnAreRefusedInEveryBody(t *testing.T) {
	t.Run("routes", func(t *testing.T) {
		for _, r := range tested(t) {
			if r.mediaType() != "application/json" {
				continue
			}
			t.Run(r.Name(), func(t *testing.T) {
				t.Parallel()
				p := newPeople(t)
				req, token := r.privileged(p, ada)
				schema := r.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value
				for _, path := range objectsIn(schema, nil) {
					for name, value := range unwanted {
						if path.schema.Properties[name] == nil {
							r.inject(t, p, req, token, append(slices.Clone(path.names), name), value)
						}
					}
				}
				if got := r.send(p, req, token); !r.succeeded(got) {
					t.Errorf("the body that they were put in is not valid: %d %s", got.status, got.body)
				}
			})
		}
	})
	t.Logf("measured: %d bodies", injections.Load())
}

// privileged returns a request about the owner's things, and the token of whom the route is for.
func (r *routeTest) privileged(p *people, owner string) (*request, string) {
	p.t.Helper()
	req := r.prepare(p, p.account(owner))
	if r.Who == access.Scoped {
		return req, p.account(staff).Token
	}
	return req, p.account(owner).Token
}

// inject sends the request with a field in its body that must be refused by its name.
func (r *routeTest) inject(t *testing.T, p *people, req *request, token string, path []string, value any) {
	t.Helper()
	injections.Add(1)
	var body any
	content := r.content(p, req)
	if err := json.Unmarshal(content, &body); err != nil {
		t.Fatal(err)
	}
	changed := encode(t, put(body, path, value).(object))
	got := send(t, r.Method, r.url(req), r.headers(p, req, changed, token), changed)
	if got.status != http.StatusBadRequest && got.status != http.StatusUnprocessableEntity || !strings.Contains(got.body, path[len(path)-1]) {
		t.Errorf("%s: %d %s, want it refused by name", strings.Join(path, "."), got.status, got.body)
	}
}

// objectPath leads to an object of a body. In a list, "0" leads to the first.
type objectPath struct {
	names  []string
	schema *openapi3.Schema
}

// objectsIn returns every object that a body can have, but for those that may have any field.
func objectsIn(schema *openapi3.Schema, names []string) []objectPath {
	if schema.Items != nil {
		return objectsIn(schema.Items.Value, append(slices.Clone(names), "0"))
	}
	if !schema.Type.Is("object") || schema.AdditionalProperties.Schema != nil {
		return nil
	}
	paths := []objectPath{{names, schema}}
	for name, property := range schema.Properties {
		paths = append(paths, objectsIn(property.Value, append(slices.Clone(names), name))...)
	}
	return paths
}

// put returns value with a field set. What does not exist on the way is made.
func put(in any, path []string, value any) any {
	if len(path) == 0 {
		return value
	}
	if path[0] == "0" {
		list, _ := in.([]any)
		if len(list) == 0 {
			list = []any{nil}
		}
		list[0] = put(list[0], path[1:], value)
		return list
	}
	o, _ := in.(object)
	if o == nil {
		o = object{}
	}
	o[path[0]] = put(o[path[0]], path[1:], value)
	return o
}

func TestFieldsThatTheShopDecidesOnAreRefusedInEveryQuery(t *testing.T) {
	t.Parallel()
	for _, r := range tested(t) {
		if anyQuery, _ := r.Operation.Extensions["x-souk-any-query"].(bool); anyQuery {
			continue
		}
		t.Run(r.Name(), func(t *testing.T) {
			t.Parallel()
			p := newPeople(t)
			req, token := r.privileged(p, bob)
			body := r.content(p, req)
			target, sep := r.url(req), "?"
			if strings.Contains(target, "?") {
				sep = "&"
			}
			for name, value := range unwantedQuery(p.account(ada)) {
				if r.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil {
					continue
				}
				got := send(t, r.Method, target+sep+name+"="+url.QueryEscape(value), r.headers(p, req, body, token), body)
				if got.status != http.StatusBadRequest || !strings.Contains(got.body, name) {
					t.Errorf("%s: %d %s, want it refused by name", name, got.status, got.body)
				}
			}
			if got := r.send(p, req, token); !r.succeeded(got) {
				t.Errorf("the request that they were put in is not valid: %d %s", got.status, got.body)
			}
			checkPlain(t, p.account(bob))
		})
	}
}

// unwantedQuery has the parameters of someone who wants a request to be about the victim.
func unwantedQuery(victim *account) map[string]string {
	query := map[string]string{"access_token": victim.Token}
	for name, value := range unwanted {
		query[name] = fmt.Sprint(value)
	}
	for _, name := range []string{"customer_id", "customerId", "id"} {
		query[name] = victim.id
	}
	return query
}

// checkPlain checks that an account, unless it is gone, is still a customer's and no more.
func checkPlain(t *testing.T, a *account) {
	t.Helper()
	var me shop.Customer
	got := send(t, http.MethodGet, "/v1/me", bearer(a.Token), nil)
	if got.status == http.StatusUnauthorized {
		return
	}
	if err := json.Unmarshal([]byte(got.body), &me); err != nil || me.ID != a.id || !slices.Equal(me.Roles, []string{"customer"}) {
		t.Errorf("the account became %s", got.body)
	}
}
