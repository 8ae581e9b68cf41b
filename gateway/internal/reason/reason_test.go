package reason

import (
	"fmt"
	"net/http"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/rpc"
)

func TestEveryReasonOfTheServicesIsAnsweredOnPurpose(t *testing.T) {
	t.Parallel()
	owners, enums := map[string]protoreflect.FullName{}, map[protoreflect.FullName]bool{}
	for _, reason := range rpc.Reasons() {
		name, enum := rpc.ReasonName(reason), reason.Descriptor().FullName()
		if other, taken := owners[name]; taken {
			t.Errorf("%s and %s both have %s, and a client cannot tell which one it got", other, enum, name)
		}
		owners[name], enums[enum] = enum, true
		answer, answered := Answers[reason]
		_, inside := Inside[reason]
		if answered == inside {
			t.Errorf("%s of %s must stand in one of Answers and Inside", name, enum)
		}
		if answered && (!answer.Code.Valid() || answer.Status < 400 || answer.Status >= 500 && answer.Status != http.StatusServiceUnavailable) {
			t.Errorf("%s of %s is answered %d %s", name, enum, answer.Status, answer.Code)
		}
	}
	if len(enums) != 8 || len(owners) != len(Answers)+len(Inside) {
		t.Errorf("%d enums with %d reasons, %d in Answers and %d in Inside", len(enums), len(owners), len(Answers), len(Inside))
	}
}

func TestAReasonIsFoundByTheNameThatCameOverTheWire(t *testing.T) {
	t.Parallel()
	refused := rpc.Error(codes.FailedPrecondition, cartsv1.ErrorReason_ERROR_REASON_CART_FULL, "full")
	if answer, ok := Find(fmt.Errorf("add: %w", refused)); !ok || answer != Answers[cartsv1.ErrorReason_ERROR_REASON_CART_FULL] {
		t.Errorf("%v, %t", answer, ok)
	}
	if answer, ok := Find(status.Error(codes.NotFound, "without a reason")); ok {
		t.Errorf("no reason is answered %v", answer)
	}
	unknown := rpc.Error(codes.NotFound, cartsv1.ErrorReason(1000), "of a newer version")
	if answer, ok := Find(unknown); ok {
		t.Errorf("an unknown reason is answered %v", answer)
	}
}
