package policy_test

import (
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"souk/gateway"
	"souk/gateway/internal/policy"
	"souk/platform/admission"
)

func operation(fields map[string]any) *openapi3.Operation {
	return &openapi3.Operation{Extensions: map[string]any{"x-souk-policy": fields}}
}

func TestAPolicyIsRead(t *testing.T) {
	t.Parallel()
	got, err := policy.Of(operation(map[string]any{"timeout": "15s", "cost": "checkout", "class": "checkout", "answer": "new"}))
	want := policy.Policy{Timeout: 15 * time.Second, Cost: policy.Checkout, Class: admission.Checkout, Answer: policy.New}
	if err != nil || got != want {
		t.Errorf("%+v, %v; want %+v", got, err, want)
	}
}

func TestAMissingOrInvalidPolicyIsAnErrorThatNamesTheField(t *testing.T) {
	t.Parallel()
	if _, err := policy.Of(&openapi3.Operation{}); err == nil {
		t.Error("an operation without a policy is no error")
	}
	for name, wrong := range map[string]any{"timeout": "soon", "cost": "dear", "class": "gold", "answer": "old"} {
		for _, value := range []any{nil, 7, wrong} {
			fields := map[string]any{"timeout": "10s", "cost": "usual", "class": "browsing", "answer": "new"}
			if fields[name] = value; value == nil {
				delete(fields, name)
			}
			if _, err := policy.Of(operation(fields)); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("%s %v: %v, want an error that names it", name, value, err)
			}
		}
	}
}

// An answer must be new if the request changes something, or if a decision depends on it.
func TestOnlyAnswersWithoutConsequencesMayBeOld(t *testing.T) {
	t.Parallel()
	spec, err := openapi3.NewLoader().LoadFromData(gateway.Spec)
	if err != nil {
		t.Fatal(err)
	}
	old := map[string]policy.Answer{}
	for _, item := range spec.Paths.Map() {
		for _, op := range item.Operations() {
			p, err := policy.Of(op)
			if err != nil {
				t.Errorf("%s: %v", op.OperationID, err)
			}
			if p.Answer != policy.New {
				old[op.OperationID] = p.Answer
			}
		}
	}
	for _, id := range []string{"placeOrder", "adjustStock", "getOrder", "listOrders"} {
		if answer, ok := old[id]; ok {
			t.Errorf("%s may be %s", id, answer)
		}
	}
	if old["getProduct"] != policy.LastGood || old["quoteShipping"] != policy.Unchanged {
		t.Errorf("old may be %v", old)
	}
}
