package audit

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"
)

const (
	// A page with the provider's data makes a call to the provider for each payment.
	callTimeout = time.Minute
	// The number of orders read at a time, which is the maximum of orders and shipping.
	batch = 100
	// The number of SKUs, and of parcels, read at a time.
	stockPage = 1000
	// The number of single orders read concurrently.
	parallel = 8
)

// services are the RPCs that an audit uses.
type services struct {
	orders    ordersv1.OrdersServiceClient
	inventory inventoryv1.InventoryServiceClient
	payments  paymentsv1.PaymentsServiceClient
	shipping  shippingv1.ShippingServiceClient
	// sign returns ctx with a token of staff.
	sign func(context.Context) (context.Context, error)
}

// call makes an RPC as staff.
func call[Q, A any](ctx context.Context, s *services, method func(context.Context, Q, ...grpc.CallOption) (A, error), req Q) (A, error) {
	ctx, err := s.sign(ctx)
	if err != nil {
		var none A
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return method(ctx, req)
}

// pages calls read with the position after each page until there are no more.
func pages(read func(after string) (next string, err error)) error {
	after := ""
	for {
		next, err := read(after)
		if err != nil || next == "" {
			return err
		}
		after = next
	}
}

// eachPage reads all orders, newest first.
func (s *services) eachPage(ctx context.Context, visit func([]*ordersv1.Order) error) error {
	return pages(func(cursor string) (string, error) {
		page, err := call(ctx, s, s.orders.ListAllOrders, &ordersv1.ListAllOrdersRequest{Limit: batch, Cursor: cursor})
		if err != nil {
			return "", fmt.Errorf("list orders: %w", err)
		}
		return page.GetNextCursor(), visit(page.GetOrders())
	})
}

// eachStock reads all SKUs.
func (s *services) eachStock(ctx context.Context, visit func(*inventoryv1.Stock)) error {
	return pages(func(after string) (string, error) {
		page, err := call(ctx, s, s.inventory.ListStock, &inventoryv1.ListStockRequest{Limit: stockPage, After: after})
		if err != nil {
			return "", fmt.Errorf("list stock: %w", err)
		}
		for _, stock := range page.GetStock() {
			visit(stock)
		}
		return page.GetNextAfter(), nil
	})
}

// eachReservation reads the reservations of the orders, or all of them if none are named.
func (s *services) eachReservation(ctx context.Context, orderIDs []string, visit func(*inventoryv1.Reservation)) error {
	return pages(func(after string) (string, error) {
		page, err := call(ctx, s, s.inventory.ListReservations,
			&inventoryv1.ListReservationsRequest{Limit: batch, After: after, OrderIds: orderIDs})
		if err != nil {
			return "", fmt.Errorf("list reservations: %w", err)
		}
		for _, reservation := range page.GetReservations() {
			visit(reservation)
		}
		return page.GetNextAfter(), nil
	})
}

// eachPayment reads the payments of the orders, or all of them if none are named.
func (s *services) eachPayment(ctx context.Context, orderIDs []string, withProvider bool, visit func(*paymentsv1.Books)) error {
	return pages(func(after string) (string, error) {
		page, err := call(ctx, s, s.payments.ListBooks,
			&paymentsv1.ListBooksRequest{Limit: batch, After: after, OrderIds: orderIDs, WithProvider: withProvider})
		if err != nil {
			return "", fmt.Errorf("list payments: %w", err)
		}
		for _, books := range page.GetBooks() {
			visit(books)
		}
		return page.GetNextAfter(), nil
	})
}

// eachParcel reads all parcels that are booked or handed over. A shipping of version 1.0.0 cannot list them, so there are none then.
func (s *services) eachParcel(ctx context.Context, visit func(*shippingv1.Parcel)) error {
	return pages(func(after string) (string, error) {
		page, err := call(ctx, s, s.shipping.ListParcels, &shippingv1.ListParcelsRequest{Limit: stockPage, After: after})
		if status.Code(err) == codes.Unimplemented {
			return "", nil
		}
		if err != nil {
			return "", fmt.Errorf("list parcels: %w", err)
		}
		for _, parcel := range page.GetParcels() {
			visit(parcel)
		}
		return page.GetNextAfter(), nil
	})
}

// find returns the existing orders among these IDs, by ID.
func (s *services) find(ctx context.Context, ids []string) (map[string]*ordersv1.Order, error) {
	found := make([]*ordersv1.Order, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, id := range ids {
		group.Go(func() error {
			answer, err := call(ctx, s, s.orders.GetOrder, &ordersv1.GetOrderRequest{Id: id})
			if status.Code(err) == codes.NotFound {
				return nil
			}
			found[i] = answer.GetOrder()
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, fmt.Errorf("get order: %w", err)
	}
	orders := make(map[string]*ordersv1.Order, len(ids))
	for i, order := range found {
		if order != nil {
			orders[ids[i]] = order
		}
	}
	return orders, nil
}

// facts returns the other services' data about these orders. orders contains the existing ones.
func (s *services) facts(ctx context.Context, ids []string, orders map[string]*ordersv1.Order, withProvider bool) ([]facts, error) {
	if len(ids) == 0 {
		return nil, nil // a request without IDs would list everything
	}
	at := time.Now()
	reservations := map[string]*inventoryv1.Reservation{}
	payments := map[string][]*paymentsv1.Books{}
	shipments, bookings := map[string]int{}, map[string]int{}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		return s.eachReservation(ctx, ids, func(r *inventoryv1.Reservation) { reservations[r.GetOrderId()] = r })
	})
	group.Go(func() error {
		return s.eachPayment(ctx, ids, withProvider, func(b *paymentsv1.Books) {
			id := b.GetPayment().GetOrderId()
			payments[id] = append(payments[id], b)
		})
	})
	group.Go(func() error {
		answer, err := call(ctx, s, s.shipping.ListShipments, &shippingv1.ListShipmentsRequest{OrderIds: ids})
		if err != nil {
			return fmt.Errorf("list shipments: %w", err)
		}
		for _, shipment := range answer.GetShipments() {
			if shipment.GetStatus() == shippingv1.Status_STATUS_BOOKED {
				bookings[shipment.GetOrderId()]++
				continue
			}
			shipments[shipment.GetOrderId()]++
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return nil, err
	}
	all := make([]facts, len(ids))
	for i, id := range ids {
		all[i] = facts{
			orderID: id, order: orders[id], reservation: reservations[id], payments: payments[id],
			shipments: shipments[id], bookings: bookings[id], at: at,
		}
	}
	return all, nil
}
