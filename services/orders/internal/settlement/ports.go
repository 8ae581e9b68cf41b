package settlement

import (
	"context"
	"errors"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/order"
)

// News are the payments that have changed since a position in the feed of payments.
type News = feed.News[order.PaymentNews]

// Payments moves the money of orders and tells of it. Any method may also return saga.ErrUnavailable, or an error that nobody foresaw.
// Calls that change something take effect once for each order or refund.
type Payments interface {
	// Void lets the money go, or returns ErrAlreadyCaptured. Nothing can be authorized for the order afterwards.
	Void(ctx context.Context, orderID string) (order.PaymentNews, error)
	// Refund gives captured money back, or returns ErrNotRefundable.
	Refund(ctx context.Context, orderID, refundID string, amount money.Money) (order.PaymentNews, error)
	// Payments returns the payments of these orders. 100 orders at most can be asked for. An order without a payment has none.
	Payments(ctx context.Context, orderIDs []string) ([]order.PaymentNews, error)
	// Changed returns the payments that have changed since a position in the feed, a page at a time, each as it is now. It waits for a
	// change for so long at most. A change may be told several times.
	Changed(ctx context.Context, position string, wait time.Duration) (News, error)
}

// Errors of Payments that are final: asking again gives the same answer.
var (
	// ErrAlreadyCaptured is returned for money that was captured at the payment provider itself, so that it can only be refunded.
	ErrAlreadyCaptured = errors.New("the money is captured already")
	// ErrNotRefundable is returned for more money than is left of what was captured, and for a refund that the provider refuses.
	ErrNotRefundable = errors.New("the money cannot be refunded")
)

// Store keeps the position in the feed of payments, and the orders whose news have to wait. Each method that writes is one transaction.
type Store interface {
	order.Repository
	// PaymentVersions returns the versions of payments that the orders know. It has no orders that do not exist.
	PaymentVersions(ctx context.Context, ids []string) (map[string]int64, error)
	// OrdersAfter returns the ids of up to limit orders, sorted, that come after another id.
	OrdersAfter(ctx context.Context, id string, limit int) ([]string, error)
	// PaymentPosition returns how far the feed of payments has been followed. It is empty before the first time.
	PaymentPosition(ctx context.Context) (string, error)
	// SavePaymentPosition saves how far the feed has been followed, together with news that have to wait. It returns order.ErrConflict
	// when the position is not from any more.
	SavePaymentPosition(ctx context.Context, from, to string, waiting []order.PaymentNews) error
	// WaitingPayments returns the ids of up to limit orders whose news wait, sorted, that come after another id.
	WaitingPayments(ctx context.Context, after string, limit int) ([]string, error)
	// DeleteWaitingPayment ends the wait of an order's news, unless newer news wait by now.
	DeleteWaitingPayment(ctx context.Context, orderID string, version int64) error
}
