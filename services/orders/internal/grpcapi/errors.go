package grpcapi

import (
	"cmp"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/protoadapt"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

var answers = []struct {
	err    error
	code   codes.Code
	reason string
	// Empty for an error whose own text is for the caller.
	message string
}{
	// First: its cause may be any other error.
	{saga.ErrUnavailable, codes.Unavailable, "UNAVAILABLE", "a service that is needed does not answer; try again"},
	{order.ErrNotFound, codes.NotFound, "ORDER_NOT_FOUND", "order not found"},
	{checkout.ErrCartNotFound, codes.NotFound, "CART_NOT_FOUND", "cart not found"},
	{checkout.ErrAddressNotFound, codes.NotFound, "ADDRESS_NOT_FOUND", "address not found"},
	{checkout.ErrCartEmpty, codes.FailedPrecondition, "CART_EMPTY", "the cart is empty"},
	{order.ErrNotCancellable, codes.FailedPrecondition, "NOT_CANCELLABLE", "the order can no longer be cancelled"},
	{order.ErrNotDispatchable, codes.FailedPrecondition, "NOT_DISPATCHABLE", "the order cannot be dispatched"},
	{order.ErrNotReturnable, codes.FailedPrecondition, "NOT_RETURNABLE", ""},
	{order.ErrReturnNotFound, codes.NotFound, "RETURN_NOT_FOUND", "return not found"},
	{events.ErrTicketNotFound, codes.NotFound, "TICKET_NOT_FOUND", "ticket not found"},
	{orders.ErrOrdersOpen, codes.FailedPrecondition, "ORDERS_OPEN", "an order is still under way"},
	{order.ErrCustomerErased, codes.Unauthenticated, "CUSTOMER_NOT_FOUND", "customer not found"},
	{orders.ErrBadCursor, codes.InvalidArgument, "BAD_CURSOR", "the cursor is not one of this list"},
}

// statusError makes the status that the caller gets. What it does not know it returns as it is.
func statusError(err error) error {
	var changed *checkout.PriceChangedError
	if errors.As(err, &changed) {
		return rpc.Error(codes.Aborted, "PRICE_CHANGED", changed.Detail, protoadapt.MessageV1Of(priceChangedProto(changed)))
	}
	var short *checkout.InsufficientStockError
	if errors.As(err, &short) {
		detail := &ordersv1.OutOfStock{Shortages: shortagesProto(short.Shortages)}
		return rpc.Error(codes.Aborted, "OUT_OF_STOCK", "there is not enough of some lines", protoadapt.MessageV1Of(detail))
	}
	var claimed *checkout.CartBeingOrderedError
	if errors.As(err, &claimed) {
		detail := &ordersv1.CartBeingOrdered{OrderId: claimed.OrderID}
		return rpc.Error(codes.FailedPrecondition, "CART_BEING_ORDERED", "another order of this cart is under way", protoadapt.MessageV1Of(detail))
	}
	for _, a := range answers {
		if errors.Is(err, a.err) {
			return rpc.Error(a.code, a.reason, cmp.Or(a.message, err.Error()))
		}
	}
	return rpc.KeyError(err)
}
