package access

import (
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	accessv1 "souk/proto/gen/souk/access/v1"
)

// contract is a proto file whose service has one RPC, with these options.
func contract(t *testing.T, callers *accessv1.Callers, rule *accessv1.Rule, timeout time.Duration) *protoregistry.Files {
	t.Helper()
	service, method := &descriptorpb.ServiceOptions{}, &descriptorpb.MethodOptions{}
	if callers != nil {
		proto.SetExtension(service, accessv1.E_Callers, callers)
	}
	if rule != nil {
		proto.SetExtension(method, accessv1.E_Rule, rule)
	}
	if timeout > 0 {
		proto.SetExtension(method, accessv1.E_Timeout, durationpb.New(timeout))
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("new.proto"), Package: proto.String("souk.new.v1"), Syntax: proto.String("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: proto.String("Nothing")}},
		Service: []*descriptorpb.ServiceDescriptorProto{{Name: proto.String("NewService"), Options: service, Method: []*descriptorpb.MethodDescriptorProto{
			{Name: proto.String("Do"), InputType: proto.String(".souk.new.v1.Nothing"), OutputType: proto.String(".souk.new.v1.Nothing"), Options: method},
		}}},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	files := &protoregistry.Files{}
	if err := files.RegisterFile(file); err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAnRPCThatDoesNotSayHowItIsCalledIsAnError(t *testing.T) {
	t.Parallel()
	gateway := &accessv1.Callers{Services: []string{"gateway"}}
	tests := map[string]struct {
		callers *accessv1.Callers
		rule    *accessv1.Rule
		timeout time.Duration
		wrong   string
	}{
		"complete":               {gateway, &accessv1.Rule{Customer: true, Owned: []string{"id"}}, time.Second, ""},
		"no rule":                {gateway, nil, time.Second, "/souk.new.v1.NewService/Do has no access rule"},
		"a rule of nobody":       {gateway, &accessv1.Rule{Owned: []string{"id"}}, time.Second, "/souk.new.v1.NewService/Do has no access rule"},
		"no callers":             {nil, &accessv1.Rule{Anyone: true}, time.Second, "souk.new.v1.NewService names no callers"},
		"an empty list of those": {&accessv1.Callers{}, &accessv1.Rule{Anyone: true}, time.Second, "souk.new.v1.NewService names no callers"},
		"no timeout":             {gateway, &accessv1.Rule{Anyone: true}, 0, "/souk.new.v1.NewService/Do: streams have no timeout, and all else has one"},
	}
	for name, test := range tests {
		rpcs, err := rpcsIn(contract(t, test.callers, test.rule, test.timeout))
		if len(rpcs) != 1 || (err == nil) != (test.wrong == "") || err != nil && !strings.Contains(err.Error(), test.wrong) {
			t.Errorf("%s: %d RPCs, %v; want %q", name, len(rpcs), err, test.wrong)
		}
	}
}

func TestARouteThatDoesNotSayHowItIsServedIsAnError(t *testing.T) {
	t.Parallel()
	const policy = `, "x-souk-policy": {"timeout": "10s", "cost": "usual", "class": "browsing", "answer": "new"}}`
	tests := map[string]struct {
		operation string
		who       Audience
	}{
		"anyone":                  {`{"security": []` + policy, Anyone},
		"optional":                {`{"security": [{"bearer": []}, {}]` + policy, Optional},
		"customer":                {`{"security": [{"bearer": []}]` + policy, Customer},
		"a scope":                 {`{"security": [{"bearer": []}], "x-souk-scope": "orders:read"` + policy, Scoped},
		"nothing":                 {`{"tags": []` + policy, ""},
		"a scope without a token": {`{"security": [], "x-souk-scope": "orders:read"` + policy, ""},
		"a scope, or anyone":      {`{"security": [{"bearer": []}, {}], "x-souk-scope": "orders:read"` + policy, ""},
		"a scope that is unknown": {`{"security": [{"bearer": []}], "x-souk-scope": "orders:own"` + policy, ""},
		"no policy":               {`{"security": []}`, ""},
		"half a policy":           {`{"security": [], "x-souk-policy": {"timeout": "10s"}}`, ""},
	}
	for name, test := range tests {
		spec, err := openapi3.NewLoader().LoadFromData([]byte(`{"openapi": "3.1.0", "paths": {"/v1/new": {"get": ` + test.operation + `}}}`))
		if err != nil {
			t.Fatal(err)
		}
		routes, err := routesOf(spec)
		if len(routes) != 1 || err == nil && routes[0].Who != test.who || (err == nil) != (test.who != "") || err != nil && !strings.Contains(err.Error(), "GET /v1/new") {
			t.Errorf("%s: %v, %v; want %q", name, routes, err, test.who)
		}
	}
}

func TestTheTableHasEveryRPCAndRoute(t *testing.T) {
	t.Parallel()
	rpcs, err := RPCs()
	if err != nil {
		t.Fatal(err)
	}
	routes, err := Routes("../../gateway/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var table strings.Builder
	if err := Print(&table, rpcs, routes); err != nil {
		t.Fatal(err)
	}
	lines := strings.Count(table.String(), "\n")
	if want := 1 + len(rpcs) + 1 + 1 + len(routes); lines != want || len(rpcs) < 50 || len(routes) < 40 {
		t.Errorf("%d lines for %d RPCs and %d routes, want %d:\n%s", lines, len(rpcs), len(routes), want, table.String())
	}
}
