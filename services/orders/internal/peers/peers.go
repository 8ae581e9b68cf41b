// Package peers is responsible for the services that orders calls: the domain's interfaces on one side,
// their gRPC contracts on the other.
package peers

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/admission"
	"souk/platform/money"
	"souk/platform/rpc"
	"souk/platform/security"
	"souk/platform/telemetry"

	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

// Dial opens a connection to a service by its name.
type Dial func(name string) (*grpc.ClientConn, error)

// New returns all peers.
func New(dial Dial) (orders.Peers, error) {
	conns := map[string]*grpc.ClientConn{}
	for _, name := range []string{"carts", "catalog", "customers", "inventory", "payments", "shipping"} {
		conn, err := dial(name)
		if err != nil {
			return orders.Peers{}, fmt.Errorf("dial %s: %w", name, err)
		}
		conns[name] = conn
	}
	return orders.Peers{
		Carts:     &carts{cartsv1.NewCartsServiceClient(conns["carts"])},
		Catalog:   &catalog{catalogv1.NewCatalogServiceClient(conns["catalog"])},
		Customers: &customers{customersv1.NewCustomersServiceClient(conns["customers"])},
		Inventory: &inventory{inventoryv1.NewInventoryServiceClient(conns["inventory"])},
		Payments:  &payments{paymentsv1.NewPaymentsServiceClient(conns["payments"])},
		Shipping:  &shipping{shippingv1.NewShippingServiceClient(conns["shipping"])},
	}, nil
}

// asShop returns ctx without the customer's token, for calls that the shop makes on its own account: an
// order must not fail because a token ends in the middle of it. They are what a sale is lost without, also when FinishDue makes
// them. The callee is told who has caused them, for its audit log.
func asShop(ctx context.Context) context.Context {
	own := rpc.OnBehalfOf(rpc.WithRequestID(withoutValues{ctx}, rpc.RequestID(ctx)), security.ActorOf(ctx))
	own = telemetry.InTraceOf(own, ctx)
	return admission.WithClass(own, admission.Checkout)
}

// withoutValues keeps of a context only when it ends.
type withoutValues struct{ context.Context }

func (withoutValues) Value(any) any { return nil }

// peerError turns what is left of an RPC's errors into the domain's. The status does not survive: it would
// reach our own caller as if it were our answer.
func peerError(err error) error {
	switch status.Code(err) {
	// A token that was good when our caller came, and ended since, is worth another try as well.
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Canceled, codes.Unauthenticated:
		return fmt.Errorf("%w: %s", saga.ErrUnavailable, err.Error())
	default:
		return errors.New(err.Error())
	}
}

func moneyProto(m money.Money) *moneyv1.Money {
	return &moneyv1.Money{Amount: m.Amount, Currency: m.Currency}
}

func moneyOf(m *moneyv1.Money) money.Money {
	return money.New(m.GetAmount(), m.GetCurrency())
}
