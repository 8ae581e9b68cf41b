package payments

import (
	"fmt"

	"souk/platform/money"
)

// Account is an account of the ledger.
type Account string

// The accounts of the ledger.
const (
	// CustomerFunds is the money that customers' banks have promised.
	CustomerFunds Account = "customer_funds"
	// Holds is the money authorized and not yet captured or voided.
	Holds Account = "authorization_holds"
	// Receivable is the money that the provider owes the shop.
	Receivable Account = "provider_receivable"
	// Sales is the money from sales.
	Sales Account = "sales"
	// Refunds is the money refunded.
	Refunds Account = "refunds"
)

// Entry is a line of a movement. Debits are positive, credits negative.
type Entry struct {
	Account Account
	Amount  money.Money
}

// Movement is a set of entries whose sum is zero.
type Movement []Entry

// movementTo returns the movement for a payment's change of status.
func movementTo(p Payment, to Status) Movement {
	plus, minus := p.Amount, negative(p.Amount)
	switch {
	case to == Authorized:
		return Movement{{Holds, plus}, {CustomerFunds, minus}}
	case to == Captured:
		return Movement{{CustomerFunds, plus}, {Holds, minus}, {Receivable, plus}, {Sales, minus}}
	case to == Voided && p.Status == Authorized:
		return Movement{{CustomerFunds, plus}, {Holds, minus}}
	default:
		return nil
	}
}

// refundMovementTo returns the movement for a refund's change of status.
func refundMovementTo(r Refund, to RefundStatus) Movement {
	plus, minus := r.Amount, negative(r.Amount)
	switch {
	case to == RefundSucceeded:
		return Movement{{Refunds, plus}, {Receivable, minus}}
	case to == RefundFailed && r.Status == RefundSucceeded:
		return Movement{{Receivable, plus}, {Refunds, minus}}
	default:
		return nil
	}
}

func negative(m money.Money) money.Money {
	return money.New(-m.Amount, m.Currency)
}

// Check returns an error unless the sum of the movement is zero.
func (m Movement) Check() error {
	var sum int64
	for _, e := range m {
		sum += e.Amount.Amount
	}
	if sum != 0 {
		return fmt.Errorf("the movement is off by %d", sum)
	}
	return nil
}

// On returns the sum of the movement's entries on an account.
func (m Movement) On(account Account) int64 {
	var sum int64
	for _, e := range m {
		if e.Account == account {
			sum += e.Amount.Amount
		}
	}
	return sum
}
