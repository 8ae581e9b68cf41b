package audit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"slices"

	"google.golang.org/grpc"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/consul"
	"souk/platform/rpc"
)

// The service names in the certificates. Reader may only read, and Mender may also call MendOrder.
const (
	Reader = "audit"
	Mender = "mend"
)

// All RPCs of an audit only read, and MendOrder is idempotent, so all may be retried. So the audit continues when a service restarts.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.3s", "maxBackoff": "2s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]
	}}]
}`

// connect returns clients of the services in Consul. They connect at the first call.
func connect(ctx context.Context, cfg Config) (_ *services, closeAll func(), err error) {
	client, err := consul.NewClient(cfg.Consul.Addr, cfg.Consul.Token)
	if err != nil {
		return nil, nil, err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	ctx, cancel := context.WithCancel(ctx)
	closers := []func(){cancel}
	closeAll = func() {
		for _, closer := range slices.Backward(closers) {
			closer()
		}
	}
	identity, err := certified(ctx, cfg.Consul, cmp.Or(cfg.Identity, Reader), logger)
	if err != nil {
		cancel()
		return nil, nil, err
	}
	var errs []error
	breakers := breaker.NewSet(logger)
	dial := func(name string) *grpc.ClientConn {
		conn, err := rpc.Dial("consul:///"+name, name, identity, breakers, logger,
			grpc.WithResolvers(consul.NewBuilder(client, "", logger)), grpc.WithDefaultServiceConfig(serviceConfig))
		if err != nil {
			errs = append(errs, fmt.Errorf("connect to %s: %w", name, err))
			return nil
		}
		closers = append(closers, func() { _ = conn.Close() })
		return conn
	}
	s := &services{
		orders:    ordersv1.NewOrdersServiceClient(dial("orders")),
		inventory: inventoryv1.NewInventoryServiceClient(dial("inventory")),
		payments:  paymentsv1.NewPaymentsServiceClient(dial("payments")),
		shipping:  shippingv1.NewShippingServiceClient(dial("shipping")),
		sign:      newSigner(cfg),
	}
	if err := errors.Join(errs...); err != nil {
		closeAll()
		return nil, nil, err
	}
	return s, closeAll, nil
}

// certified returns the identity of a service, which is renewed until ctx is done.
func certified(ctx context.Context, cfg consul.Config, self string, logger *slog.Logger) (*certificate.Identity, error) {
	identity := certificate.New()
	go func() { _ = consul.Certify(ctx, cfg, self, identity, "", logger) }() // Certify can fail only at its beginning
	await, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	if err := identity.Await(await); err != nil {
		return nil, fmt.Errorf("from consul's certificate authority: %w", err)
	}
	return identity, nil
}
