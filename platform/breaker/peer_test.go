package breaker_test

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/testkit/scrape"
)

func TestAMethodThatSeveralServicesServeHasABreakerForEach(t *testing.T) {
	t.Parallel()
	set := newSet()
	const method = "/souk.audit.v1.AuditService/ListAuditEntries"
	call := func(service string, err error) error {
		return set.Unary(service)(t.Context(), method, nil, nil, nil, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			return err
		})
	}
	for range 10 {
		_ = call("inventory", errAway)
	}
	if err := call("inventory", nil); status.Code(err) != codes.Unavailable {
		t.Errorf("a service that is away: %v, want a refusal", err)
	}
	if err := call("orders", nil); err != nil {
		t.Errorf("another service: %v", err)
	}
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	opened := metrics.Values("souk_breaker_transitions_total", "peer", "method", "souk.audit.v1.AuditService/ListAuditEntries", "to", "open")
	if !slices.Equal(opened, []string{"inventory"}) {
		t.Errorf("the metric says that the breakers of %v have opened", opened)
	}
}

func TestAStreamOfAServiceThatIsAwayIsRefused(t *testing.T) {
	t.Parallel()
	set := newSet()
	open := func(service string, err error) error {
		_, err = set.Stream(service)(t.Context(), nil, nil, "/stream", func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
			return struct{ grpc.ClientStream }{}, err
		})
		return err
	}
	for range 10 {
		_ = open("inventory", errAway)
	}
	if err := open("inventory", nil); status.Code(err) != codes.Unavailable {
		t.Errorf("a service that is away: %v, want a refusal", err)
	}
	if err := open("orders", nil); err != nil {
		t.Errorf("another service: %v", err)
	}
}
