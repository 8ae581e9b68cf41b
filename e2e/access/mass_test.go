package access_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
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
				c := newCast(t)
				req, token := r.privileged(c, ada)
				schema := r.Operation.RequestBody.Value.Content.Get("application/json").Schema.Value
				for _, path := range objectsIn(schema, nil) {
					for name, value := range unwanted {
						if path.schema.Properties[name] == nil {
							r.inject(t, c, req, token, append(slices.Clone(path.names), name), value)
						}
					}
				}
				if got := r.send(c, req, token); !r.succeeded(got) {
					t.Errorf("the body that they were put in is not valid: %d %s", got.status, got.body)
				}
			})
		}
	})
	t.Logf("measured: %d bodies", injections.Load())
}

// privileged returns a request about the owner's things, and the token of whom the route is for.
func (r *routeTest) privileged(c *cast, owner string) (*request, string) {
	c.t.Helper()
	req := r.prepare(c, c.account(owner))
	if r.Who == access.Staff {
		return req, c.account(staff).Token
	}
	return req, c.account(owner).Token
}

// inject sends the request with a field in its body that must be refused by its name.
func (r *routeTest) inject(t *testing.T, c *cast, req *request, token string, path []string, value any) {
	t.Helper()
	injections.Add(1)
	var body any
	content := r.content(c, req)
	if err := json.Unmarshal(content, &body); err != nil {
		t.Fatal(err)
	}
	changed := encode(t, put(body, path, value).(object))
	got := send(t, r.Method, r.url(req), r.headers(c, req, changed, token), changed)
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

func TestFieldsThatTheShopDecidesOnHaveNoEffectInAQuery(t *testing.T) {
	t.Parallel()
	for _, r := range tested(t) {
		if r.Method == http.MethodGet {
			continue
		}
		t.Run(r.Name(), func(t *testing.T) {
			t.Parallel()
			c := newCast(t)
			plain, token := r.privileged(c, ada)
			want := r.send(c, plain, token)
			req, token := r.privileged(c, bob)
			body := r.content(c, req)
			got := send(t, r.Method, r.url(req)+"?"+unwantedQuery(c.account(ada)), r.headers(c, req, body, token), body)
			if !r.succeeded(want) || want.status != got.status {
				t.Fatalf("%d %s with a query, %d %s without", got.status, got.body, want.status, want.body)
			}
			with, without := masked(t, got, c.account(bob)), masked(t, want, c.account(ada))
			if !reflect.DeepEqual(with, without) {
				t.Errorf("with a query:\n%v\nwithout:\n%v", with, without)
			}
			checkPlain(t, c.account(bob))
		})
	}
}

// unwantedQuery is the query of someone who wants it to be about the victim.
func unwantedQuery(victim *account) string {
	query := url.Values{}
	for name, value := range unwanted {
		query.Set(name, fmt.Sprint(value))
	}
	for _, name := range []string{"customer_id", "customerId", "id"} {
		query.Set(name, victim.id)
	}
	query.Set("access_token", victim.Token)
	return query.Encode()
}

// fresh are the fields that are new in each answer.
var fresh = []string{
	"id", "order_id", "return_id", "number", "sku", "slug", "email", "access_token", "refresh_token", "created_at", "updated_at", "at", "tracking_number", "detail",
}

// masked returns an answer without what is new in each, and with the account's id by name.
func masked(t *testing.T, a answer, self *account) any {
	t.Helper()
	if a.body == "" {
		return nil
	}
	var value any
	if err := json.Unmarshal([]byte(strings.ReplaceAll(a.body, self.id, "self")), &value); err != nil {
		t.Fatal(err)
	}
	return mask(value)
}

func mask(value any) any {
	switch v := value.(type) {
	case []any:
		for i := range v {
			v[i] = mask(v[i])
		}
	case object:
		for name := range v {
			if slices.Contains(fresh, name) && v[name] != "self" {
				v[name] = "…"
			}
			v[name] = mask(v[name])
		}
	}
	return value
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
