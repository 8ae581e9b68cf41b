package grpcapi_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"google.golang.org/grpc"

	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/money"
	"souk/platform/pgkey"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/orders/internal/grpcapi"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/postgres"
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
		&ordersv1.GetOrderRequest{Id: open},
		&ordersv1.ListOrdersRequest{Limit: 1},
		&ordersv1.CancelOrderRequest{Id: open},
		&ordersv1.ListAllOrdersRequest{Status: ordersv1.Status_STATUS_DELIVERED, CustomerId: owner, Limit: 1},
		&ordersv1.DispatchOrderRequest{Id: open},
		&ordersv1.RequestReturnRequest{OrderId: delivered, Lines: lines, Reason: "broken"},
		&ordersv1.ReceiveReturnRequest{ReturnId: goods.GetReturn().GetId()},
		&ordersv1.RefundOrderRequest{IdempotencyKey: "refund", OrderId: delivered, Amount: &moneyv1.Money{Amount: 5, Currency: "GBP"}, Reason: "late"},
		&ordersv1.WaitForEventsRequest{OrderId: delivered},
		&ordersv1.CreateEventTicketRequest{OrderId: open},
		&ordersv1.RedeemEventTicketRequest{OrderId: open, Ticket: ticket.GetTicket()},
	)
}

// serve serves the service on a database of its own, with peers that do whatever they are asked.
func serve(f testing.TB) (*grpctest.Server, *orders.Service) {
	f.Helper()
	pool := pgtest.New(f, postgres.Migrations)
	settings, logger := orders.Settings{Inline: time.Second, Hold: 10 * time.Minute}, slog.New(slog.DiscardHandler)
	peers := orders.Peers{Carts: willing{}, Catalog: willing{}, Customers: willing{}, Inventory: willing{}, Payments: payments{}, Shipping: willing{}}
	store := postgres.New(pool, settings.DueAfter())
	service := orders.New(store, peers, settings, logger)
	keys := grpcapi.Keys{Transaction: pgkey.NewTransaction(pool), Steps: pgkey.NewSteps(pool)}
	api := grpcapi.New(service, orders.NewTickets(service, store), keys)
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
	if _, err := service.DispatchOrder(f.Context(), id); err != nil {
		f.Fatal(err)
	}
	if err := service.FollowParcels(f.Context()); err != nil {
		f.Fatal(err)
	}
	return id
}

// willing is a shop with a cart that stays full and shelves that do not empty.
type willing struct{}

func (willing) Items(_ context.Context, cartID string) ([]orders.Item, error) {
	if cartID != "cart" {
		return nil, orders.ErrCartNotFound
	}
	return []orders.Item{{SKU: "MUG", Quantity: 3}}, nil
}

func (willing) CheckOut(context.Context, string, string, []orders.Item) error { return nil }

func (willing) Variants(context.Context, []string) (map[string]orders.Variant, error) {
	return map[string]orders.Variant{"MUG": {SKU: "MUG", Title: "Mug", Price: money.New(1250, "GBP"), WeightGrams: 400}}, nil
}

func (willing) Address(context.Context, string) (orders.Address, error) {
	return orders.Address{Name: "Sam", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}, nil
}

func (willing) Available(context.Context, []string) (map[string]int64, error) {
	return map[string]int64{"MUG": 3}, nil
}

func (willing) Reserve(context.Context, string, []orders.Item, time.Duration) error { return nil }
func (willing) Commit(context.Context, string) error                                { return nil }
func (willing) Release(context.Context, string) error                               { return nil }
func (willing) Return(context.Context, string, string, []orders.Item) error         { return nil }

func (willing) Quote(_ context.Context, _ orders.Address, _ int64, currency string) ([]orders.ShippingOption, error) {
	return []orders.ShippingOption{{ID: "standard", Carrier: "Royal", Service: "48", Price: money.New(395, currency)}}, nil
}

func (willing) Ship(_ context.Context, id string, _ orders.Address, _ orders.ShippingChoice) (orders.Shipment, error) {
	return orders.Shipment{ID: "sh-" + id, Carrier: "Royal", TrackingNumber: "RM1"}, nil
}

func (willing) Moves(_ context.Context, ids []string) ([]orders.ParcelMoves, error) {
	moved := make([]orders.ParcelMoves, len(ids))
	for i, id := range ids {
		moved[i] = orders.ParcelMoves{OrderID: id, Moves: []orders.Event{orders.EventDelivered}}
	}
	return moved, nil
}

// Moved knows no position, so that all parcels are asked about each time.
func (willing) Moved(context.Context, string, time.Duration) (orders.ParcelNews, error) {
	return orders.ParcelNews{Position: "none", Reset: true}, nil
}

// payments takes any card but one.
type payments struct{}

func (payments) Authorize(_ context.Context, _ string, _ money.Money, method string) error {
	if method == "pm_card_declined" {
		return &orders.DeclinedError{Reason: "card_declined"}
	}
	return nil
}

func (payments) Capture(context.Context, string) error                     { return nil }
func (payments) Void(context.Context, string) error                        { return nil }
func (payments) Refund(context.Context, string, string, money.Money) error { return nil }
