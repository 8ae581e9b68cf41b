package grpcapi_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/money"
	"souk/platform/pgkey"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/grpcapi"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
	"souk/services/orders/internal/postgres"
	"souk/services/orders/internal/sales"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const owner = "0198a000-0000-7000-8000-00000000000c"

// FuzzHandlers has three orders of the owner's: one to cancel or dispatch, one delivered, and one with a return under way.
func FuzzHandlers(f *testing.F) {
	server, service := serve(f)
	client := ordersv1.NewOrdersServiceClient(server.Conn)
	open := place(f, server, "open")
	delivered, returned := deliver(f, service, place(f, server, "delivered")), deliver(f, service, place(f, server, "returned"))
	lines := []*ordersv1.ReturnLine{{Sku: "MUG", Quantity: 1}}
	goods, err := client.RequestReturn(server.As(f, owner), &ordersv1.RequestReturnRequest{OrderId: returned, Lines: lines, Reason: "broken"})
	if err != nil {
		f.Fatal(err)
	}
	ticket, err := client.CreateEventTicket(server.As(f, owner), &ordersv1.CreateEventTicketRequest{OrderId: open})
	if err != nil {
		f.Fatal(err)
	}
	server.Fuzz(f, ordersv1.File_souk_orders_v1_orders_proto, owner,
		purchase("another"),
		&ordersv1.PlaceGuestOrderRequest{Order: purchase("guest"), Email: "ada@example.com"},
		&ordersv1.RequestOrderLookupRequest{Number: "S-7K3M9QX2", Email: "ada@example.com"},
		&ordersv1.RedeemOrderLookupRequest{Token: "token"},
		&ordersv1.GetOrderRequest{Id: open},
		&ordersv1.ListOrdersRequest{Limit: 1},
		&ordersv1.CancelOrderRequest{Id: open},
		&ordersv1.ListAllOrdersRequest{Status: ordersv1.Status_STATUS_DELIVERED, CustomerId: owner, Limit: 1},
		&ordersv1.ListAllOrdersRequest{Query: "MUG", OldestFirst: true, AnyAttention: true},
		&ordersv1.CancelAnyOrderRequest{Id: open, Reason: "damaged"},
		&ordersv1.DispatchOrderRequest{Id: open},
		&ordersv1.RequestReturnRequest{OrderId: delivered, Lines: lines, Reason: "broken"},
		&ordersv1.ReceiveReturnRequest{
			ReturnId: goods.GetReturn().GetId(), Lines: []*ordersv1.ReceivedLine{{Sku: "MUG", Quantity: 1}}, RefundShipping: true,
		},
		&ordersv1.RefuseReturnRequest{ReturnId: goods.GetReturn().GetId(), Reason: "worn"},
		&ordersv1.WithdrawReturnRequest{OrderId: returned, ReturnId: goods.GetReturn().GetId()},
		&ordersv1.ListReturnsRequest{Status: ordersv1.Return_STATUS_REQUESTED, Limit: 1},
		&ordersv1.RefundOrderRequest{IdempotencyKey: "refund", OrderId: delivered, Amount: &moneyv1.Money{Amount: 5, Currency: "GBP"}, Reason: "late"},
		&ordersv1.RefundOrderRequest{IdempotencyKey: "lines", OrderId: delivered, Lines: lines, Shipping: true, Reason: "late"},
		&ordersv1.WaitForEventsRequest{OrderId: delivered},
		&ordersv1.WatchSalesRequest{Position: "1.1/" + open},
		&ordersv1.CreateEventTicketRequest{OrderId: open},
		&ordersv1.RedeemEventTicketRequest{OrderId: open, Ticket: ticket.GetTicket()},
	)
}

// serve serves the service on a database of its own, with willing peers.
func serve(f testing.TB) (*grpctest.Server, *orders.Service) {
	f.Helper()
	pool := pgtest.New(f, postgres.Migrations)
	settings, logger := orders.Settings{Inline: time.Second, Hold: 10 * time.Minute}, slog.New(slog.DiscardHandler)
	store := postgres.New(pool, settings.DueAfter())
	service := orders.New(store, willingPeers(), settings, logger)
	keys := grpcapi.Keys{Transaction: pgkey.NewTransaction(pool), Steps: pgkey.NewSteps(pool)}
	api := grpcapi.New(service, events.NewTickets(store, store), guest.New(store, willingPeers().Customers, logger),
		sales.New(postgres.NewSaleChanges(pool), store), keys)
	return grpctest.Serve(f, func(r grpc.ServiceRegistrar) { ordersv1.RegisterOrdersServiceServer(r, api) }), service
}

func purchase(key string) *ordersv1.PlaceOrderRequest {
	return &ordersv1.PlaceOrderRequest{
		IdempotencyKey: key, CartId: "cart", ShippingOption: "standard", PaymentMethod: "pm_card_visa",
		ShippingAddress: &ordersv1.Address{Name: "Sam", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"},
	}
}

func place(f testing.TB, server *grpctest.Server, key string) (id string) {
	f.Helper()
	answer, err := ordersv1.NewOrdersServiceClient(server.Conn).PlaceOrder(server.As(f, owner), purchase(key))
	if err != nil {
		f.Fatal(err)
	}
	return answer.GetPlacement().GetOrder().GetId()
}

func deliver(f testing.TB, service *orders.Service, id string) string {
	f.Helper()
	if _, err := service.DispatchOrder(f.Context(), "staff", id); err != nil {
		f.Fatal(err)
	}
	if err := service.FollowParcels(f.Context()); err != nil {
		f.Fatal(err)
	}
	return id
}

// willingPeers are the other services, with a cart that stays full, enough stock, and parcels that arrive at once.
func willingPeers() orders.Peers {
	world := peerstest.New()
	world.Catalog.Variants["MUG"] = checkout.Variant{
		SKU: "MUG", Title: "Mug", Price: money.New(1250, "GBP"), WeightGrams: 400, Origin: order.Origin{ProductID: "product of MUG"},
	}
	world.Inventory.Add("MUG", 1_000_000)
	world.Shipping.Schedule = func(string) []peerstest.Move {
		now := time.Now()
		return []peerstest.Move{{Event: order.EventDelivered, Began: now, Commits: now}}
	}
	var mu sync.Mutex
	return world.Peers(func(_ context.Context, _ peerstest.Call, effect func() (any, error)) (any, error) {
		mu.Lock()
		defer mu.Unlock()
		world.Carts.Lines["cart"] = []order.Item{{SKU: "MUG", Quantity: 3}}
		return effect()
	})
}
