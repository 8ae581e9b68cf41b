package orders_test

import (
	"context"
	"errors"

	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/checkout"
)

// payments is the payments service of the world.
type payments struct{ *world }

type payment struct {
	status  string // authorized, declined, captured, voided
	charges int    // how often the provider was asked for money
	refunds map[string]money.Money
}

func (w payments) Authorize(ctx context.Context, orderID string, _ money.Money, method string) error {
	return w.call(ctx, "authorize", func() error {
		p, ok := w.payments[orderID]
		if !ok {
			p = &payment{status: "authorized", charges: 1}
			if method == declined {
				p.status = "declined"
			}
			w.payments[orderID] = p
		}
		switch p.status {
		case "declined":
			return &checkout.DeclinedError{Reason: "card_declined"}
		case "voided":
			return checkout.ErrPaymentEnded
		default:
			return nil
		}
	})
}

func (w payments) Capture(ctx context.Context, orderID string) error {
	return w.call(ctx, "capture", func() error {
		p, ok := w.payments[orderID]
		if !ok || p.status != "authorized" && p.status != "captured" {
			return aftersales.ErrNotAuthorized
		}
		p.status = "captured"
		return nil
	})
}

func (w payments) Void(ctx context.Context, orderID string) error {
	return w.call(ctx, "void", func() error {
		p, ok := w.payments[orderID]
		if !ok {
			p = &payment{}
			w.payments[orderID] = p
		}
		switch p.status {
		case "captured":
			return errors.New("already captured")
		case "declined":
			return nil
		}
		p.status = "voided"
		return nil
	})
}

func (w payments) Refund(ctx context.Context, orderID, refundID string, amount money.Money) error {
	return w.call(ctx, "refund", func() error {
		p, ok := w.payments[orderID]
		if !ok || p.status != "captured" || w.unrefundable {
			return aftersales.ErrNotRefundable
		}
		if p.refunds == nil {
			p.refunds = map[string]money.Money{}
		}
		p.refunds[refundID] = amount
		return nil
	})
}
