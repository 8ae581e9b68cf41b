package breaker_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
)

func TestAMethodThatSeveralServicesServeHasABreakerForEach(t *testing.T) {
	t.Parallel()
	set := newSet()
	const method = "/souk.audit.v1.AuditService/ListAuditEntries"
	call := func(service string, err error) error {
		t.Helper()
		conn, dialErr := grpc.NewClient("passthrough:///"+service, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if dialErr != nil {
			t.Fatal(dialErr)
		}
		defer func() { _ = conn.Close() }()
		return set.Unary(t.Context(), method, nil, nil, conn, func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
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
}
