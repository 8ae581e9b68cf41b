package payments

import (
	"fmt"

	"souk/platform/money"
)

// Account is a side of the ledger.
type Account string

// The accounts of the ledger.
const (
	// CustomerFunds is what customers' banks promise us.
	CustomerFunds Account = "customer_funds"
	// Holds is what is authorized and not yet captured or voided.
	Holds Account = "authorization_holds"
	// Receivable is what the provider owes us.
	Receivable Account = "provider_receivable"
	// Sales is what was sold.
	Sales Account = "sales"
	// Refunds is what was given back of sales.
	Refunds Account = "refunds"
)

// Entry is one line of a movement; debits are positive, credits negative.
type Entry struct {
	Account Account
	Amount  money.Money
}

// Movement is a set of entries that add up to zero.
type Movement []Entry

// movementTo returns what a change of status means in the books.
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

// refundMovementTo returns what a refund's change of status means in the books.
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

// Check returns an error unless the movement adds up to zero.
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

// On returns what the movement adds to an account.
func (m Movement) On(account Account) int64 {
	var sum int64
	for _, e := range m {
		if e.Account == account {
			sum += e.Amount.Amount
		}
	}
	return sum
}
