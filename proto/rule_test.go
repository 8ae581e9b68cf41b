// Package proto_test checks what every contract of the shop must have.
package proto_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	_ "souk/proto"
	accessv1 "souk/proto/gen/souk/access/v1"
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
	rpcs := 0
	protoregistry.GlobalFiles.RangeFiles(func(file protoreflect.FileDescriptor) bool {
		if file.Package().Parent().Parent() != "souk" {
			return true
		}
		for i := range file.Services().Len() {
			methods := file.Services().Get(i).Methods()
			for j := range methods.Len() {
				rpcs++
				check(t, methods.Get(j))
			}
		}
		return true
	})
	if rpcs == 0 {
		t.Error("no RPCs were looked at")
	}
}

func TestEveryContractIsRegistered(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("souk/*/v1/*.proto")
	if err != nil || len(files) < 9 {
		t.Fatalf("found %v, %v", files, err)
	}
	for _, file := range files {
		if _, err := protoregistry.GlobalFiles.FindFileByPath(filepath.ToSlash(file)); err != nil {
			t.Errorf("contracts.go does not import the code of %s: %v", file, err)
		}
	}
}

func checkRule(t *testing.T, method protoreflect.MethodDescriptor) {
	t.Helper()
	rule, _ := proto.GetExtension(method.Options(), accessv1.E_Rule).(*accessv1.Rule)
	if !rule.GetAnyone() && !rule.GetCustomer() && rule.GetScope() == 0 && len(rule.GetServices()) == 0 {
		t.Errorf("%s says nothing of who may call it", method.FullName())
	}
	for _, name := range rule.GetServices() {
		// The call graph: only the gateway and orders call others. Besides, recommendations follows the sales of orders, and deploy/audit
		// has orders mend what a restored backup tore apart.
		only := map[string]protoreflect.Name{"recommendations": "WatchSales", "mend": "MendOrder"}[name]
		if name != "gateway" && name != "orders" && only != method.Name() {
			t.Errorf("%s admits %s, which does not call it", method.FullName(), name)
		}
	}
}
