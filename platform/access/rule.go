package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	accessv1 "souk/proto/gen/souk/access/v1"
)

// admission is the access rule of an RPC in the proto files: the services that may call it, and the users it is for.
type admission struct {
	callers []string
	rule    *accessv1.Rule
	// open means that callers need no certificate.
	open bool
}

// Learn reads the rules of all RPCs registered with server. It returns an error if an RPC has no rule or a service does not
// name its callers, so that no RPC is public by mistake. gRPC's health service is public.
func (g *Guard) Learn(server *grpc.Server) error {
	for name := range server.GetServiceInfo() {
		if name == healthv1.Health_ServiceDesc.ServiceName {
			for _, method := range []string{"Check", "Watch", "List"} {
				g.admissions["/"+name+"/"+method] = admission{rule: &accessv1.Rule{Anyone: true}, open: true}
			}
			continue
		}
		descriptor, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			return fmt.Errorf("access rules of %s: %w", name, err)
		}
		if err := g.learn(descriptor.(protoreflect.ServiceDescriptor)); err != nil {
			return err
		}
	}
	return nil
}

func (g *Guard) learn(service protoreflect.ServiceDescriptor) error {
	callers, err := CallersOf(service)
	if err != nil {
		return err
	}
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		rule, err := RuleOf(method)
		if err != nil {
			return err
		}
		g.admissions[fmt.Sprintf("/%s/%s", service.FullName(), method.Name())] = admission{callers: callers, rule: rule}
	}
	return nil
}

// CallersOf returns the services that may call service, or an error if it does not name any.
func CallersOf(service protoreflect.ServiceDescriptor) ([]string, error) {
	callers, _ := proto.GetExtension(service.Options(), accessv1.E_Callers).(*accessv1.Callers)
	if len(callers.GetServices()) == 0 {
		return nil, fmt.Errorf("%s names no callers", service.FullName())
	}
	return callers.GetServices(), nil
}

// RuleOf returns the rule of an RPC, or an error if it has none or an invalid one.
func RuleOf(method protoreflect.MethodDescriptor) (*accessv1.Rule, error) {
	rule, _ := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	if rule == nil {
		return nil, fmt.Errorf("%s has no access rule", method.FullName())
	}
	for _, path := range rule.GetOwned() {
		if err := hasField(method.Input(), path); err != nil {
			return nil, fmt.Errorf("the access rule of %s: %w", method.FullName(), err)
		}
	}
	return rule, nil
}

var errNoField = errors.New("is no text field of the request")

// hasField reports whether path, for example address.id, leads to a string field of message.
func hasField(message protoreflect.MessageDescriptor, path string) error {
	names := strings.Split(path, ".")
	for i, name := range names {
		field := message.Fields().ByName(protoreflect.Name(name))
		last := i == len(names)-1
		if field == nil || last != (field.Kind() == protoreflect.StringKind) || !last && field.Message() == nil {
			return fmt.Errorf("%q %w", path, errNoField)
		}
		message = field.Message()
	}
	return nil
}

// Admits reports whether rule admits caller.
func Admits(rule *accessv1.Rule, caller Caller) bool {
	return rule.GetAnyone() && !caller.Guest ||
		rule.GetCustomer() && caller.Authenticated() && !caller.Guest ||
		rule.GetGuest() && caller.Guest ||
		caller.Has(rule.GetScope()) ||
		caller.Service != "" && slices.Contains(rule.GetServices(), caller.Service)
}
