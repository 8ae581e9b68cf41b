// Package proto_test checks what every contract of the shop must have.
package proto_test

import (
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	accessv1 "souk/proto/gen/souk/access/v1"
	_ "souk/proto/gen/souk/carts/v1"
	_ "souk/proto/gen/souk/catalog/v1"
	_ "souk/proto/gen/souk/customers/v1"
	_ "souk/proto/gen/souk/inventory/v1"
	_ "souk/proto/gen/souk/orders/v1"
	_ "souk/proto/gen/souk/payments/v1"
	_ "souk/proto/gen/souk/shipping/v1"
)

func TestEveryRPCSaysWhoMayCallIt(t *testing.T) {
	t.Parallel()
	eachRPC(t, checkRule)
}

func TestEveryReadSaysThatItMayBeRepeated(t *testing.T) {
	t.Parallel()
	eachRPC(t, func(t *testing.T, method protoreflect.MethodDescriptor) {
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		reads := reading.MatchString(string(method.Name()))
		if says := options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS; says != reads {
			t.Errorf("%s has idempotency_level %s; what reads, and nothing else, is called Get, List, Quote, …", method.FullName(), options.GetIdempotencyLevel())
		}
	})
}

func TestWhatHonorsAKeySaysThatItMayBeRepeated(t *testing.T) {
	t.Parallel()
	eachRPC(t, func(t *testing.T, method protoreflect.MethodDescriptor) {
		options, _ := method.Options().(*descriptorpb.MethodOptions)
		use, _ := proto.GetExtension(options, accessv1.E_KeyUse).(accessv1.KeyUse)
		if use != accessv1.KeyUse_KEY_USE_UNSPECIFIED && options.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENT {
			t.Errorf("%s has key_use %s and idempotency_level %s", method.FullName(), use, options.GetIdempotencyLevel())
		}
	})
}

// What an RPC that only reads is called.
var reading = regexp.MustCompile(`^(Get|List|Quote|WaitFor|Watch|Prepare)`)

// eachRPC has check look at every RPC of the shop.
func eachRPC(t *testing.T, check func(*testing.T, protoreflect.MethodDescriptor)) {
	t.Helper()
	services, rpcs := 0, 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package().Parent().Parent() != "souk" {
			return true
		}
		for i := range file.Services().Len() {
			services++
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rpcs++
				check(t, methods.Get(j))
			}
		}
		return true
	})
	if services != 8 || rpcs == 0 {
		t.Errorf("%d services with %d RPCs were looked at, want the 8 of the shop", services, rpcs)
	}
}

func checkRule(t *testing.T, method protoreflect.MethodDescriptor) {
	t.Helper()
	rule, _ := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	if !rule.GetAnyone() && !rule.GetCustomer() && !rule.GetStaff() && len(rule.GetServices()) == 0 {
		t.Errorf("%s says nothing of who may call it", method.FullName())
	}
	for _, name := range rule.GetServices() {
		// The call graph: only the gateway and orders call others.
		if name != "gateway" && name != "orders" {
			t.Errorf("%s admits %s, which calls nobody", method.FullName(), name)
		}
	}
}
