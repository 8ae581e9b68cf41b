// Package access tells who may do what in the shop, as the contracts say it: RPC by RPC from the options in proto/, route by
// route from openapi.yaml. Its tests hold a running shop to it, and attack it.
package access

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/durationpb"

	_ "souk/proto" // the descriptors of every contract
	accessv1 "souk/proto/gen/souk/access/v1"

	"souk/platform/access"
)

// RPC is a method of a service, and who may call it.
type RPC struct {
	Method protoreflect.MethodDescriptor
	Rule   *accessv1.Rule
	// Callers are the services that may call the service at all.
	Callers []string
	// Timeout is how long a call may take; 0 for streams.
	Timeout time.Duration
}

// IsStream reports whether either side sends more than one message.
func (r RPC) IsStream() bool { return r.Method.IsStreamingClient() || r.Method.IsStreamingServer() }

// Repeatable reports whether a call that failed may be made again.
func (r RPC) Repeatable() bool {
	options, _ := r.Method.Options().(*descriptorpb.MethodOptions)
	return options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// Path is how gRPC names the RPC, e.g. "/souk.carts.v1.CartsService/GetCart".
func (r RPC) Path() string {
	return fmt.Sprintf("/%s/%s", r.Method.Parent().FullName(), r.Method.Name())
}

// Server is a service that serves the RPC, by its name in Consul.
func (r RPC) Server() string {
	name := string(r.Method.ParentFile().Package().Parent().Name())
	switch name {
	case "access":
		return "customers" // which has the keys
	case "audit":
		return "inventory" // one of those that have a log
	default:
		return name
	}
}

// Who names whom the rule admits.
func (r RPC) Who() string {
	var who []string
	for _, part := range []struct {
		name  string
		admit bool
	}{{"anyone", r.Rule.GetAnyone()}, {"customer", r.Rule.GetCustomer()}, {"guest", r.Rule.GetGuest()}, {access.ScopeName(r.Rule.GetScope()), r.Rule.GetScope() != 0}} {
		if part.admit {
			who = append(who, part.name)
		}
	}
	if services := r.Rule.GetServices(); len(services) > 0 {
		who = append(who, "services: "+strings.Join(services, ", "))
	}
	return strings.Join(who, ", ")
}

// RPCs returns every RPC of the shop, by path. The error names each that admits nobody or has no timeout, and each service
// without callers.
func RPCs() ([]RPC, error) {
	return rpcsIn(protoregistry.GlobalFiles)
}

func rpcsIn(files *protoregistry.Files) ([]RPC, error) {
	var rpcs []RPC
	var errs []error
	files.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if !strings.HasPrefix(string(file.Package()), "souk.") {
			return true
		}
		for i := range file.Services().Len() {
			found, err := rpcsOf(file.Services().Get(i))
			rpcs, errs = append(rpcs, found...), append(errs, err)
		}
		return true
	})
	slices.SortFunc(rpcs, func(a, b RPC) int { return strings.Compare(a.Path(), b.Path()) })
	return rpcs, errors.Join(errs...)
}

func rpcsOf(service protoreflect.ServiceDescriptor) ([]RPC, error) {
	var rpcs []RPC
	var errs []error
	callers, _ := proto.GetExtension(service.Options(), accessv1.E_Callers).(*accessv1.Callers)
	if len(callers.GetServices()) == 0 {
		errs = append(errs, fmt.Errorf("%s names no callers", service.FullName()))
	}
	for i := range service.Methods().Len() {
		method := service.Methods().Get(i)
		rule, _ := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
		timeout, _ := proto.GetExtension(method.Options(), accessv1.E_Timeout).(*durationpb.Duration)
		rpc := RPC{Method: method, Rule: rule, Callers: callers.GetServices(), Timeout: timeout.AsDuration()}
		if rpc.Who() == "" {
			errs = append(errs, fmt.Errorf("%s has no access rule", rpc.Path()))
		}
		if rpc.IsStream() != (rpc.Timeout == 0) {
			errs = append(errs, fmt.Errorf("%s: streams have no timeout, and all else has one", rpc.Path()))
		}
		rpcs = append(rpcs, rpc)
	}
	return rpcs, errors.Join(errs...)
}
