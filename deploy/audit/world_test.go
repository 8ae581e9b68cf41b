package audit

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/breaker"
	"souk/platform/certificate"
	"souk/platform/rpc"
)

// The fakes' pages are small, so that every list has several.
const pageOfFakes = 3

// world is the books of a shop, served as the four services would.
type world struct {
	ordersv1.UnimplementedOrdersServiceServer
	inventoryv1.UnimplementedInventoryServiceServer
	paymentsv1.UnimplementedPaymentsServiceServer
	shippingv1.UnimplementedShippingServiceServer

	mu     sync.Mutex
	sales  []*sale
	stocks []*inventoryv1.Stock
	// before is called at each RPC, by its name, with the world locked. An error is its answer.
	before func(rpc string) error
}

// sale is all that the services know of one order; each part may be nil.
type sale struct {
	id          string
	order       *ordersv1.Order
	reservation *inventoryv1.Reservation
	books       []*paymentsv1.Books
	shipments   int
	bookings    int
	// unlisted orders are found by their id alone, as one that was placed while the list was read.
	unlisted bool
}

// enter locks the world for an RPC.
func (w *world) enter(ctx context.Context, name string) (leave func(), err error) {
	w.mu.Lock()
	if w.before != nil {
		err = w.before(name)
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		w.mu.Unlock()
		return nil, err
	}
	return w.mu.Unlock, nil
}

// page returns what follows after a position in a list, and the position of the page after it.
func page[T proto.Message](all []T, position func(T) string, after string) ([]T, string) {
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(position(a), position(b)) })
	all = slices.DeleteFunc(all, func(t T) bool { return position(t) <= after })
	if len(all) <= pageOfFakes {
		return copies(all), ""
	}
	return copies(all[:pageOfFakes]), position(all[pageOfFakes-1])
}

func copies[T proto.Message](all []T) []T {
	out := make([]T, len(all))
	for i, t := range all {
		out[i] = proto.CloneOf(t)
	}
	return out
}

// asked reports whether a list of some orders, or of all, has this one.
func asked(ids []string, id string) bool { return len(ids) == 0 || slices.Contains(ids, id) }

func (w *world) ListAllOrders(ctx context.Context, req *ordersv1.ListAllOrdersRequest) (*ordersv1.ListAllOrdersResponse, error) {
	leave, err := w.enter(ctx, "ListAllOrders")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []*ordersv1.Order
	for _, s := range w.sales {
		if s.order != nil && !s.unlisted {
			all = append(all, s.order)
		}
	}
	orders, next := page(all, (*ordersv1.Order).GetId, req.GetCursor())
	return &ordersv1.ListAllOrdersResponse{Orders: orders, NextCursor: next}, nil
}

func (w *world) GetOrder(ctx context.Context, req *ordersv1.GetOrderRequest) (*ordersv1.GetOrderResponse, error) {
	leave, err := w.enter(ctx, "GetOrder")
	if err != nil {
		return nil, err
	}
	defer leave()
	for _, s := range w.sales {
		if s.id == req.GetId() && s.order != nil {
			return &ordersv1.GetOrderResponse{Order: proto.CloneOf(s.order)}, nil
		}
	}
	return nil, rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found")
}

func (w *world) ListStock(ctx context.Context, req *inventoryv1.ListStockRequest) (*inventoryv1.ListStockResponse, error) {
	leave, err := w.enter(ctx, "ListStock")
	if err != nil {
		return nil, err
	}
	defer leave()
	stock, next := page(slices.Clone(w.stocks), func(s *inventoryv1.Stock) string { return s.GetLevel().GetSku() }, req.GetAfter())
	return &inventoryv1.ListStockResponse{Stock: stock, NextAfter: next}, nil
}

func (w *world) ListReservations(ctx context.Context, req *inventoryv1.ListReservationsRequest) (*inventoryv1.ListReservationsResponse, error) {
	leave, err := w.enter(ctx, "ListReservations")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []*inventoryv1.Reservation
	for _, s := range w.sales {
		if s.reservation != nil && asked(req.GetOrderIds(), s.id) {
			all = append(all, s.reservation)
		}
	}
	reservations, next := page(all, (*inventoryv1.Reservation).GetOrderId, req.GetAfter())
	return &inventoryv1.ListReservationsResponse{Reservations: reservations, NextAfter: next}, nil
}

func (w *world) ListBooks(ctx context.Context, req *paymentsv1.ListBooksRequest) (*paymentsv1.ListBooksResponse, error) {
	leave, err := w.enter(ctx, "ListBooks")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []*paymentsv1.Books
	for _, s := range w.sales {
		if asked(req.GetOrderIds(), s.id) {
			all = append(all, s.books...)
		}
	}
	books, next := page(all, func(b *paymentsv1.Books) string { return b.GetPayment().GetId() }, req.GetAfter())
	for _, b := range books {
		if !req.GetWithProvider() {
			b.Provider = nil
		}
	}
	return &paymentsv1.ListBooksResponse{Books: books, NextAfter: next}, nil
}

func (w *world) ListShipments(ctx context.Context, req *shippingv1.ListShipmentsRequest) (*shippingv1.ListShipmentsResponse, error) {
	leave, err := w.enter(ctx, "ListShipments")
	if err != nil {
		return nil, err
	}
	defer leave()
	if n := len(req.GetOrderIds()); n == 0 || n > 100 {
		return nil, status.Errorf(codes.InvalidArgument, "%d orders", n)
	}
	answer := &shippingv1.ListShipmentsResponse{}
	for _, s := range w.sales {
		if slices.Contains(req.GetOrderIds(), s.id) {
			for range s.shipments {
				answer.Shipments = append(answer.Shipments, &shippingv1.Shipment{OrderId: s.id})
			}
			for range s.bookings {
				answer.Shipments = append(answer.Shipments, &shippingv1.Shipment{OrderId: s.id, Status: shippingv1.Status_STATUS_BOOKED})
			}
		}
	}
	return answer, nil
}

func (w *world) ListParcels(ctx context.Context, req *shippingv1.ListParcelsRequest) (*shippingv1.ListParcelsResponse, error) {
	leave, err := w.enter(ctx, "ListParcels")
	if err != nil {
		return nil, err
	}
	defer leave()
	var all []*shippingv1.Parcel
	for _, s := range w.sales {
		if s.shipments+s.bookings > 0 {
			all = append(all, &shippingv1.Parcel{OrderId: s.id, HandedOver: s.shipments > 0})
		}
	}
	parcels, next := page(all, (*shippingv1.Parcel).GetOrderId, req.GetAfter())
	return &shippingv1.ListParcelsResponse{Parcels: parcels, NextAfter: next}, nil
}

// register has a server serve the world.
func (w *world) register(server *grpc.Server) {
	ordersv1.RegisterOrdersServiceServer(server, w)
	inventoryv1.RegisterInventoryServiceServer(server, w)
	paymentsv1.RegisterPaymentsServiceServer(server, w)
	shippingv1.RegisterShippingServiceServer(server, w)
}

// services returns connections to the world, as Run makes them.
func (w *world) services(t *testing.T) *services {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	server := grpc.NewServer()
	w.register(server)
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	logger := slog.New(slog.DiscardHandler)
	conn, err := rpc.Dial("passthrough:///world", "world", certificate.New(), breaker.NewSet(logger), logger, grpc.WithDefaultServiceConfig(serviceConfig),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return &services{
		orders: ordersv1.NewOrdersServiceClient(conn), inventory: inventoryv1.NewInventoryServiceClient(conn),
		payments: paymentsv1.NewPaymentsServiceClient(conn), shipping: shippingv1.NewShippingServiceClient(conn),
		sign: func(ctx context.Context) (context.Context, error) { return ctx, nil },
	}
}

// audit audits the world, provider included.
func (w *world) audit(t *testing.T) *Report {
	t.Helper()
	report, err := audit(t.Context(), w.services(t), Config{WithProvider: true, Patience: 50 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// brokenChecks returns the names of the checks that broke.
func brokenChecks(r *Report) []string {
	var names []string
	for _, c := range r.Checks {
		if c.Broken > 0 {
			names = append(names, c.Name)
		}
	}
	return names
}

func pounds(pence int64) *moneyv1.Money { return &moneyv1.Money{Amount: pence, Currency: "GBP"} }

func ago(d time.Duration) *timestamppb.Timestamp { return timestamppb.New(time.Now().Add(-d)) }

// id returns an order's id that says what it is.
func id(status ordersv1.Status, n int) string { return fmt.Sprintf("%s-%d", name(status), n) }
