package audit

import (
	"errors"
	"fmt"
	"log/slog"
	"os"

	"google.golang.org/grpc"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/consul"
	"souk/platform/rpc"
)

// What the audit calls itself.
const self = "audit"

// Every RPC of an audit only reads, so that each may be tried again: a service that restarts does not end it.
const serviceConfig = `{
	"loadBalancingConfig": [{"round_robin": {}}],
	"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 5, "initialBackoff": "0.3s", "maxBackoff": "2s", "backoffMultiplier": 2,
		"retryableStatusCodes": ["UNAVAILABLE"]
	}}]
}`

// connect returns the services as Consul has them. Connections are made when they are first used.
func connect(cfg Config) (_ *services, closeAll func(), err error) {
	client, err := consul.NewClient(cfg.ConsulAddr)
	if err != nil {
		return nil, nil, err
	}
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	var conns []*grpc.ClientConn
	closeAll = func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
	}
	var errs []error
	dial := func(name string) *grpc.ClientConn {
		conn, err := rpc.Dial("consul:///"+name, self, logger,
			grpc.WithResolvers(consul.NewBuilder(client, logger)), grpc.WithDefaultServiceConfig(serviceConfig))
		if err != nil {
			errs = append(errs, fmt.Errorf("connect to %s: %w", name, err))
			return nil
		}
		conns = append(conns, conn)
		return conn
	}
	s := &services{
		orders:    ordersv1.NewOrdersServiceClient(dial("orders")),
		inventory: inventoryv1.NewInventoryServiceClient(dial("inventory")),
		payments:  paymentsv1.NewPaymentsServiceClient(dial("payments")),
		shipping:  shippingv1.NewShippingServiceClient(dial("shipping")),
		sign:      newSession(cfg).sign,
	}
	if err := errors.Join(errs...); err != nil {
		closeAll()
		return nil, nil, err
	}
	return s, closeAll, nil
}
