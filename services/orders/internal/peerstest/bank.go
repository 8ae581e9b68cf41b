package peerstest

import (
	"github.com/google/uuid"

	"souk/services/orders/internal/order"
)

// What happens at the bank by itself, or because somebody does it there. Payments learns of it by Follow.

// Expire ends an authorization that nobody captured in time, and reports whether there was one.
func (c *Charge) Expire() bool {
	c.expired = c.Status == Authorized
	return c.Void()
}

// Void lets the money go, and reports whether it was held.
func (c *Charge) Void() bool {
	if c.Status != Authorized {
		return false
	}
	c.Status = Voided
	return true
}

// Capture takes a part of the money or all of it, lets the rest go, and reports whether the money was held.
func (c *Charge) Capture(amount int64) bool {
	if c.Status != Authorized {
		return false
	}
	c.capture(amount)
	return true
}

func (c *Charge) capture(amount int64) {
	if c.Status == Authorized {
		c.Status, c.captured = Captured, amount
	}
}

// Give gives money back, and reports whether so much was left.
func (c *Charge) Give(amount int64) bool { return c.give(uuid.NewString(), amount) }

func (c *Charge) give(id string, amount int64) bool {
	if c.Status != Captured || amount <= 0 || amount > c.captured-c.Refunded() {
		return false
	}
	c.refunds = append(c.refunds, &refund{id, amount, order.RefundSucceeded})
	return true
}

// FailRefund has the other bank send the money of a refund back, and reports whether there was one.
func (c *Charge) FailRefund() bool {
	for _, r := range c.refunds {
		if r.status == order.RefundSucceeded {
			r.status = order.RefundFailed
			return true
		}
	}
	return false
}

// Open is what the bank holds.
func (c *Charge) Open() int64 {
	if c.Status == Authorized {
		return c.Amount
	}
	return 0
}

// Captured is what the bank has taken.
func (c *Charge) Captured() int64 { return c.captured }

// Refunded is what the bank has given back.
func (c *Charge) Refunded() int64 { return sum(c.refunds, order.RefundSucceeded) }
