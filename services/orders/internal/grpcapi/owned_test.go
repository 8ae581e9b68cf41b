package grpcapi

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	accessv1 "souk/proto/gen/souk/access/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/access"
	"souk/platform/idempotency"
	"souk/platform/money"
	"souk/testkit/grpctest"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

const (
	owner    = "owner"
	theirsID = "0198a000-0000-7000-8000-00000000000a" // an order, a cart and an address of owner
	ownID    = "0198a000-0000-7000-8000-00000000000b" // a cart and an address of whoever asks
	noID     = "0198a000-0000-7000-8000-00000000000c" // of nothing
)

// owned is a store with one delivered order of owner.
type owned struct{ orders.Store }

func (owned) Get(_ context.Context, id string) (order.Order, error) {
	if id != theirsID {
		return order.Order{}, order.ErrNotFound
	}
	o := rejected()
	o.ID, o.CustomerID, o.Status, o.Rejection = theirsID, owner, order.StatusDelivered, nil
	return order.Restore(order.Snapshot{View: o, CartCheckedOut: true}), nil
}

func (owned) Key(context.Context, idempotency.Request) (checkout.UsedKey, error) {
	return checkout.UsedKey{}, order.ErrKeyUnknown
}

// noGuests is a store of a shop without guests.
type noGuests struct{ guest.Store }

func (noGuests) HasGuests(context.Context) (bool, error) { return false, nil }

// anyTicket is a store of tickets that takes each.
type anyTicket struct{ events.TicketStore }

func (anyTicket) SaveTicket(context.Context, events.SealedTicket, time.Duration) error { return nil }

// holdings are the peers that are asked for a price, as they answer the caller of ctx.
type holdings struct {
	checkout.Carts
	orders.Shipping
}

func (holdings) has(ctx context.Context, id string) bool {
	return id == ownID || id == theirsID && access.FromContext(ctx).CustomerID == owner
}

func (h holdings) Cart(ctx context.Context, id string) (checkout.Cart, error) {
	if !h.has(ctx, id) {
		return checkout.Cart{}, checkout.ErrCartNotFound
	}
	return checkout.Cart{Items: []order.Item{{SKU: "MUG", Quantity: 1}}}, nil
}

func (h holdings) Address(ctx context.Context, id string) (order.Address, error) {
	if !h.has(ctx, id) {
		return order.Address{}, checkout.ErrAddressNotFound
	}
	return order.Address{Country: "GB"}, nil
}

func (holdings) Variants(context.Context, []string) (map[string]checkout.Variant, error) {
	return map[string]checkout.Variant{"MUG": {SKU: "MUG", Price: money.New(1250, "GBP")}}, nil
}

func (holdings) Email(context.Context, string) (string, error) { return "", nil }

func (holdings) VerifiedEmail(context.Context, string) (string, error) { return "", nil }

func (holdings) GuestToken(context.Context, string, time.Time) (guest.Access, error) {
	return guest.Access{}, nil
}

func (holdings) Quote(context.Context, order.Address, int64, string) ([]checkout.ShippingOption, error) {
	return nil, nil
}

func ownedServer(t *testing.T) (*grpctest.Server, ordersv1.OrdersServiceClient) {
	t.Helper()
	server := grpctest.Serve(t, func(r grpc.ServiceRegistrar) {
		peers := orders.Peers{Carts: holdings{}, Catalog: holdings{}, Customers: holdings{}, Shipping: holdings{}}
		service := orders.New(owned{}, peers, orders.Settings{Inline: time.Second}, slog.New(slog.DiscardHandler))
		ordersv1.RegisterOrdersServiceServer(r, New(service, events.NewTickets(owned{}, anyTicket{}), guest.New(noGuests{}, nil, slog.New(slog.DiscardHandler)), nil, noKeys))
	})
	return server, ordersv1.NewOrdersServiceClient(server.Conn)
}

func placing(cartID, addressID string) *ordersv1.PlaceOrderRequest {
	return &ordersv1.PlaceOrderRequest{
		IdempotencyKey: "key", CartId: cartID, AddressId: addressID, ShippingOption: "standard", PaymentMethod: "pm_card_visa",
	}
}

// asking has, for each field that names what is owned, a call with an id in it.
var asking = map[string]func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error{
	"PlaceOrder.cart_id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.PlaceOrder(ctx, placing(id, ownID))
		return err
	},
	"PlaceOrder.address_id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.PlaceOrder(ctx, placing(ownID, id))
		return err
	},
	"GetOrder.id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.GetOrder(ctx, &ordersv1.GetOrderRequest{Id: id})
		return err
	},
	"CancelOrder.id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.CancelOrder(ctx, &ordersv1.CancelOrderRequest{Id: id})
		return err
	},
	"RequestReturn.order_id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.RequestReturn(ctx, &ordersv1.RequestReturnRequest{
			OrderId: id, Lines: []*ordersv1.ReturnLine{{Sku: "SPOON", Quantity: 1}}, Reason: "broken",
		})
		return err
	},
	"WithdrawReturn.order_id":  withdraw,
	"WithdrawReturn.return_id": withdraw,
	"WaitForEvents.order_id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.WaitForEvents(ctx, &ordersv1.WaitForEventsRequest{OrderId: id, After: 100})
		return err
	},
	"CreateEventTicket.order_id": func(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
		_, err := c.CreateEventTicket(ctx, &ordersv1.CreateEventTicketRequest{OrderId: id})
		return err
	},
}

func withdraw(ctx context.Context, c ordersv1.OrdersServiceClient, id string) error {
	_, err := c.WithdrawReturn(ctx, &ordersv1.WithdrawReturnRequest{OrderId: id, ReturnId: id})
	return err
}

func TestWhatIsSomeoneElsesIsAnsweredLikeWhatDoesNotExist(t *testing.T) {
	t.Parallel()
	server, client := ownedServer(t)
	methods := ordersv1.File_souk_orders_v1_orders_proto.Services().ByName("OrdersService").Methods()
	for i := range methods.Len() {
		rule := proto.GetExtension(methods.Get(i).Options(), accessv1.E_Rule).(*accessv1.Rule)
		for _, field := range rule.GetOwned() {
			name := string(methods.Get(i).Name()) + "." + field
			ask, ok := asking[name]
			if !ok {
				t.Errorf("%s is not asked for", name)
				continue
			}
			missing := ask(server.As(t, "stranger"), client, noID)
			theirs := ask(server.As(t, "stranger"), client, theirsID)
			if status.Code(missing) != codes.NotFound || !proto.Equal(status.Convert(missing).Proto(), status.Convert(theirs).Proto()) {
				t.Errorf("%s: someone else's: %v, what does not exist: %v", name, theirs, missing)
			}
			if err := ask(server.As(t, owner), client, theirsID); proto.Equal(status.Convert(err).Proto(), status.Convert(missing).Proto()) {
				t.Errorf("%s: one's own is answered like what does not exist: %v", name, err)
			}
			if err := ask(server.Staff(t), client, theirsID); (status.Code(err) == codes.NotFound) == (rule.GetScope() != 0) {
				t.Errorf("%s: staff: %v", name, err)
			}
		}
	}
}
