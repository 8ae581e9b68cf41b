package grpcapi

import (
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	customersv1 "souk/proto/gen/souk/customers/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/rpc"

	"souk/services/orders/internal/orders"
)

// statusError gives a domain error its status and reason.
var statusError = rpc.Table(
	rpc.As(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_PRICE_CHANGED, priceChanged),
	rpc.As(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK, outOfStock),
	// Before the others, because its cause may be any of them.
	rpc.Says(orders.ErrUnavailable, codes.Unavailable, ordersv1.ErrorReason_ERROR_REASON_UNAVAILABLE, "a service that is needed does not answer; try again"),
	rpc.Says(orders.ErrNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"),
	rpc.Says(orders.ErrCartNotFound, codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, "cart not found"),
	rpc.Says(orders.ErrAddressNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND, "address not found"),
	rpc.Says(orders.ErrCartEmpty, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_CART_EMPTY, "the cart is empty"),
	rpc.Says(orders.ErrNotCancellable, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_CANCELLABLE, "the order can no longer be cancelled"),
	rpc.Says(orders.ErrNotDispatchable, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_DISPATCHABLE, "the order cannot be dispatched"),
	notReturnable,
	rpc.Says(orders.ErrReturnNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_RETURN_NOT_FOUND, "return not found"),
	rpc.Says(orders.ErrTicketNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND, "ticket not found"),
	rpc.Says(orders.ErrOrdersOpen, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_ORDERS_OPEN, "an order is still under way"),
	rpc.Says(orders.ErrCustomerErased, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_NOT_FOUND, "customer not found"),
	rpc.Says(orders.ErrBadCursor, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "the cursor is not one of this list"),
)

func priceChanged(err *orders.PriceChangedError) (string, proto.Message) {
	return err.Detail, priceChangedProto(err)
}

func outOfStock(err *orders.InsufficientStockError) (string, proto.Message) {
	return "there is not enough of some lines", &ordersv1.OutOfStock{Shortages: shortagesProto(err.Shortages)}
}

// notReturnable tells the caller the whole text of the error, because it says what cannot be returned.
func notReturnable(err error) error {
	if !errors.Is(err, orders.ErrNotReturnable) {
		return nil
	}
	return rpc.Error(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE, err.Error())
}
