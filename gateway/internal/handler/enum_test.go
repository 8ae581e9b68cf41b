package handler_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"google.golang.org/protobuf/reflect/protoreflect"

	auditv1 "souk/proto/gen/souk/audit/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/gateway"
)

// The enums in the services' contracts must have the same names as those in openapi.yaml.
func TestOpenAPIEnumsMatchTheServicesEnums(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	for schema, names := range map[string][]string{
		// A client of a partner is shown as a service (actorKind).
		"AuditActorKind": slices.DeleteFunc(namesOf(auditv1.AuditActor_Kind(0), "KIND_"), func(name string) bool { return name == "client" }),
		"TimelineEvent":  namesOf(ordersv1.TimelineEvent(0), "TIMELINE_EVENT_"),
		"ProductStatus":  namesOf(catalogv1.ProductStatus(0), "PRODUCT_STATUS_"),
		// Products are withdrawn and restored by operations of their own.
		"ProductStatusInput": slices.DeleteFunc(namesOf(catalogv1.ProductStatus(0), "PRODUCT_STATUS_"), func(name string) bool { return name == "withdrawn" }),
		"OrderStatus":        namesOf(ordersv1.Status(0), "STATUS_"),
		"ReturnStatus":       namesOf(ordersv1.Return_Status(0), "STATUS_"),
		"RefundStatus":       namesOf(ordersv1.Refund_Status(0), "STATUS_"),
		// A parcel that is only booked is not shown.
		"ShipmentStatus": slices.DeleteFunc(namesOf(shippingv1.Status(0), "STATUS_"), func(name string) bool { return name == "booked" }),
		// The checkout adds one reason of its own.
		"DeclineReason": append(namesOf(paymentsv1.DeclineReason(0), "DECLINE_REASON_"), "expired"),
	} {
		var listed []string
		for _, name := range spec.Components.Schemas[schema].Value.Enum {
			listed = append(listed, name.(string))
		}
		slices.Sort(listed)
		slices.Sort(names)
		if !slices.Equal(listed, names) {
			t.Errorf("openapi.yaml has %s as %v, but the services give %v", schema, listed, names)
		}
	}
}

// namesOf returns the values of an enum as clients see them, without UNSPECIFIED.
func namesOf(enum protoreflect.Enum, prefix string) []string {
	var names []string
	values := enum.Descriptor().Values()
	for i := range values.Len() {
		if v := values.Get(i); v.Number() != 0 {
			names = append(names, strings.ToLower(strings.TrimPrefix(string(v.Name()), prefix)))
		}
	}
	return names
}
