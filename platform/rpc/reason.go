package rpc

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// ErrorReason is why a call was refused: a value of the enum ErrorReason of a service's contract, or of souk.errors.v1.
type ErrorReason interface {
	protoreflect.Enum
	fmt.Stringer
}

// ReasonName returns a reason as errors carry it: CART_EMPTY for ERROR_REASON_CART_EMPTY.
func ReasonName(reason ErrorReason) string {
	return strings.TrimPrefix(reason.String(), "ERROR_REASON_")
}

// Reason returns the name of an error's reason, or "" for an error without one.
func Reason(err error) string {
	if info := detail[*errdetails.ErrorInfo](err); info != nil {
		return info.GetReason()
	}
	return ""
}

// HasReason reports whether an error has that reason, whichever service gave it.
func HasReason(err error, reason ErrorReason) bool {
	return Reason(err) == ReasonName(reason)
}

// Reasons returns every reason of the contracts that this program knows, in the order of their packages and numbers.
func Reasons() []ErrorReason {
	var all []ErrorReason
	protoregistry.GlobalTypes.RangeEnums(func(enum protoreflect.EnumType) bool {
		name := enum.Descriptor().FullName()
		if name.Name() != "ErrorReason" || !strings.HasPrefix(string(name), "souk.") {
			return true
		}
		values := enum.Descriptor().Values()
		for i := range values.Len() {
			if reason, ok := enum.New(values.Get(i).Number()).(ErrorReason); ok && reason.Number() != 0 {
				all = append(all, reason)
			}
		}
		return true
	})
	slices.SortFunc(all, func(a, b ErrorReason) int {
		return cmp.Or(cmp.Compare(a.Descriptor().FullName(), b.Descriptor().FullName()), cmp.Compare(a.Number(), b.Number()))
	})
	return all
}
