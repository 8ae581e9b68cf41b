package access_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/e2e/access"
)

// operation is what the tests must know of a route besides the contract: whose things its ids name, and a valid request.
type operation struct {
	// rpc is the one whose rule decides, e.g. "CartsService/GetCart"; empty for what the gateway answers by itself.
	rpc string
	// guests says that requests without a token go to another RPC, which is for anyone.
	guests bool
	// ids are the ids that the route takes in its path, query or body, by name.
	ids map[string]identifier
	// given makes what must be there although no id names it. May be nil.
	given maker
	// body returns a valid body; []byte goes as it is. Nil for a route without one.
	body func(p *people, r *request) any
	// header returns more header fields of a valid request. May be nil.
	header func(p *people, r *request, body []byte) map[string]string
}

// identifier is an id that a route takes.
type identifier struct {
	kind  string
	make  maker
	scope scope
}

// scope is whom the thing of an id is there for.
type scope int

const (
	// owned things are there for their owner.
	owned scope = iota
	// public things are there for whoever may use the route.
	public
	// anything goes: what names nothing is no error.
	anything
)

// request is a request of a route, with the ids that it sends.
type request struct {
	who *account
	ids map[string]string
}

// routeTest is a route with what the tests know of it.
type routeTest struct {
	access.Route
	operation
}

// tested returns every route of the contract. One that operations does not have fails the test.
func tested(t *testing.T) []routeTest {
	t.Helper()
	var all []routeTest
	for _, route := range routes {
		op, ok := operations[route.Name()]
		if !ok {
			t.Errorf("%s %s (%s) is new: add it to operations", route.Method, route.Path, route.Name())
			continue
		}
		all = append(all, routeTest{route, op})
	}
	return all
}

// rule is the access rule of the route's RPC, or nil.
func (r *routeTest) rule() *accessv1.Rule {
	for _, rpc := range rpcs {
		if r.rpc == string(rpc.Method.Parent().Name())+"/"+string(rpc.Method.Name()) {
			return rpc.Rule
		}
	}
	return nil
}

// prepare returns a valid request of who, about things of their own.
func (r *routeTest) prepare(p *people, who *account) *request {
	p.t.Helper()
	req := &request{who: who, ids: map[string]string{}}
	for name, id := range r.ids {
		if who.name == guest && id.kind == ownAddress.kind {
			continue // a guest has none
		}
		req.ids[name] = p.thing(who.name, id.kind, id.make)
	}
	if r.given != nil {
		p.thing(who.name, "given", r.given)
	}
	return req
}

// with returns the request with another id.
func (r *request) with(name, id string) *request {
	changed := &request{who: r.who, ids: maps.Clone(r.ids)}
	changed.ids[name] = id
	return changed
}

// url is the path of a request.
func (r *routeTest) url(req *request) string {
	path, query := r.Path, url.Values{}
	for name, id := range req.ids {
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(id))
		if r.Operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil {
			query.Set(name, id)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// content is the body of a request.
func (r *routeTest) content(p *people, req *request) []byte {
	p.t.Helper()
	if r.body == nil {
		return nil
	}
	switch body := r.body(p, req).(type) {
	case []byte:
		return body
	default:
		content, err := json.Marshal(body)
		if err != nil {
			p.t.Fatal(err)
		}
		return content
	}
}

// headers are the header fields of a request with that body and token.
func (r *routeTest) headers(p *people, req *request, body []byte, token string) http.Header {
	p.t.Helper()
	header := bearer(token)
	if media := r.mediaType(); media != "" {
		header.Set("Content-Type", strings.Replace(media, "*/*", "application/json", 1))
	}
	if r.Operation.Parameters.GetByInAndName(openapi3.ParameterInHeader, "Idempotency-Key") != nil {
		header.Set("Idempotency-Key", uuid.NewString())
	}
	if r.header != nil {
		for name, value := range r.header(p, req, body) {
			header.Set(name, value)
		}
	}
	return header
}

// send sends a request with that token, or none.
func (r *routeTest) send(p *people, req *request, token string) answer {
	p.t.Helper()
	body := r.content(p, req)
	return send(p.t, r.Method, r.url(req), r.headers(p, req, body, token), body)
}

// mediaType is what the body of the route must be, or "".
func (r *routeTest) mediaType() string {
	if r.Operation.RequestBody == nil {
		return ""
	}
	for media := range r.Operation.RequestBody.Value.Content {
		return media
	}
	return ""
}

// succeeded reports whether the answer is a success that the contract names. Some send a browser elsewhere.
func (r *routeTest) succeeded(a answer) bool {
	return a.status < 400 && r.Operation.Responses.Status(a.status) != nil
}

// idNames returns the names of the ids in the contract of the route: all of its path, and what ends in id elsewhere.
func (r *routeTest) idNames() []string {
	var names []string
	for _, parameter := range r.Operation.Parameters {
		if v := parameter.Value; v.In == openapi3.ParameterInPath || v.In == openapi3.ParameterInQuery && isID(v.Name) {
			names = append(names, v.Name)
		}
	}
	if body := r.Operation.RequestBody; body != nil {
		for _, content := range body.Value.Content {
			names = append(names, idsOf(content.Schema.Value)...)
		}
	}
	slices.Sort(names)
	return names
}

func idsOf(schema *openapi3.Schema) []string {
	var names []string
	for name, property := range schema.Properties {
		if isID(name) {
			names = append(names, name)
		}
		names = append(names, idsOf(property.Value)...)
	}
	if schema.Items != nil {
		names = append(names, idsOf(schema.Items.Value)...)
	}
	return names
}

// isID reports whether a field names a thing. A client_id goes with a secret, and names who asks.
func isID(name string) bool {
	return name != "client_id" && (name == "id" || strings.HasSuffix(name, "_id"))
}
