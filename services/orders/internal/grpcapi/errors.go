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

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/events"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/mend"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

// statusError gives a domain error its status and reason.
var statusError = rpc.Table(
	rpc.As(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_PRICE_CHANGED, priceChanged),
	rpc.As(codes.Aborted, ordersv1.ErrorReason_ERROR_REASON_OUT_OF_STOCK, outOfStock),
	rpc.As(codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_CART_BEING_ORDERED, cartBeingOrdered),
	// Before the others, because its cause may be any of them.
	rpc.Says(saga.ErrUnavailable, codes.Unavailable, ordersv1.ErrorReason_ERROR_REASON_UNAVAILABLE,
		"a service that is needed does not answer; try again"),
	rpc.Says(order.ErrNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_ORDER_NOT_FOUND, "order not found"),
	rpc.Says(checkout.ErrCartNotFound, codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, "cart not found"),
	rpc.Says(checkout.ErrAddressNotFound, codes.NotFound, customersv1.ErrorReason_ERROR_REASON_ADDRESS_NOT_FOUND, "address not found"),
	rpc.Says(checkout.ErrCartEmpty, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_CART_EMPTY, "the cart is empty"),
	rpc.Says(order.ErrNotCancellable, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_NOT_CANCELLABLE,
		"the order can no longer be cancelled"),
	saysAll(order.ErrNotDispatchable, ordersv1.ErrorReason_ERROR_REASON_NOT_DISPATCHABLE),
	saysAll(order.ErrNotReturnable, ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE),
	saysAll(order.ErrReturnDecided, ordersv1.ErrorReason_ERROR_REASON_NOT_RETURNABLE),
	rpc.Says(order.ErrReturnNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_RETURN_NOT_FOUND, "return not found"),
	rpc.Says(events.ErrTicketNotFound, codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND, "ticket not found"),
	rpc.Says(guest.ErrInvalidToken, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_INVALID_LOOKUP_TOKEN, "the token is not valid"),
	rpc.Says(orders.ErrOrdersOpen, codes.FailedPrecondition, ordersv1.ErrorReason_ERROR_REASON_ORDERS_OPEN, "an order is still under way"),
	rpc.Says(order.ErrCustomerErased, codes.Unauthenticated, customersv1.ErrorReason_ERROR_REASON_CUSTOMER_NOT_FOUND, "customer not found"),
	saysAll(mend.ErrNotMendable, ordersv1.ErrorReason_ERROR_REASON_NOT_MENDABLE),
	rpc.Says(orders.ErrBadCursor, codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "the cursor is not one of this list"),
)

func priceChanged(err *checkout.PriceChangedError) (string, proto.Message) {
	return err.Detail, priceChangedProto(err)
}

func outOfStock(err *checkout.InsufficientStockError) (string, proto.Message) {
	return "there is not enough of some lines", &ordersv1.OutOfStock{Shortages: shortagesProto(err.Shortages)}
}

func cartBeingOrdered(err *checkout.CartBeingOrderedError) (string, proto.Message) {
	return "another order of this cart is under way", &ordersv1.CartBeingOrdered{OrderId: err.OrderID}
}

// saysAll makes a row for the errors that are target, and that are about the state of an order. The caller gets the whole text of the error,
// because it says why.
func saysAll(target error, reason rpc.ErrorReason) rpc.Answer {
	return func(err error) error {
		if !errors.Is(err, target) {
			return nil
		}
		return rpc.Error(codes.FailedPrecondition, reason, err.Error())
	}
}
