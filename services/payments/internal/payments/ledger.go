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

// Movement is a set of entries that add up to zero. Its name is the status that it comes with.
type Movement struct {
	Name    string
	Entries []Entry
}

// movementsOf returns the movements of a change of status. If only a part was captured, a second movement releases the rest.
func movementsOf(p Payment, c Change) []Movement {
	switch {
	case c.To == Authorized:
		return []Movement{{string(Authorized), []Entry{{Holds, p.Amount}, {CustomerFunds, negative(p.Amount)}}}}
	case c.To == Captured && c.CapturedPart > 0:
		part := money.New(c.CapturedPart, p.Amount.Currency)
		return []Movement{take(part), release(money.New(p.Amount.Amount-c.CapturedPart, p.Amount.Currency))}
	case c.To == Captured:
		return []Movement{take(p.Amount)}
	case c.To == Voided && p.Status == Authorized:
		return []Movement{release(p.Amount)}
	default:
		return nil
	}
}

func take(amount money.Money) Movement {
	minus := negative(amount)
	return Movement{string(Captured), []Entry{{CustomerFunds, amount}, {Holds, minus}, {Receivable, amount}, {Sales, minus}}}
}

func release(amount money.Money) Movement {
	return Movement{string(Voided), []Entry{{CustomerFunds, amount}, {Holds, negative(amount)}}}
}

// refundMovementTo returns the movement of a refund's change of status.
func refundMovementTo(r Refund, to RefundStatus) Movement {
	plus, minus := r.Amount, negative(r.Amount)
	movement := Movement{Name: "refund_" + string(to)}
	switch {
	case to == RefundSucceeded:
		movement.Entries = []Entry{{Refunds, plus}, {Receivable, minus}}
	case to == RefundFailed && r.Status == RefundSucceeded:
		movement.Entries = []Entry{{Receivable, plus}, {Refunds, minus}}
	}
	return movement
}

func negative(m money.Money) money.Money {
	return money.New(-m.Amount, m.Currency)
}

// Check returns an error unless the sum of the movement is zero.
func (m Movement) Check() error {
	var sum int64
	for _, e := range m.Entries {
		sum += e.Amount.Amount
	}
	if sum != 0 {
		return fmt.Errorf("the movement %s is off by %d", m.Name, sum)
	}
	return nil
}

// On returns the sum of the movement's entries on an account.
func (m Movement) On(account Account) int64 {
	var sum int64
	for _, e := range m.Entries {
		if e.Account == account {
			sum += e.Amount.Amount
		}
	}
	return sum
}
