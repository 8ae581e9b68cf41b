package peerstest

import (
	"fmt"

	"souk/platform/money"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/settlement"
)

// How many payments are on a page of the feed.
const paymentsPage = 2

// paymentFeed is the feed of the payments that have changed. A position is the life of the database and the number of changes told.
type paymentFeed struct {
	changes []string // orders, the oldest change first
	life    int
}

// changed counts a change of a payment and puts it into the feed.
func (p *Payments) changed(book *Payment) {
	book.version++
	p.feed.changes = append(p.feed.changes, book.OrderID)
}

// ForgetPositions has payments forget all positions in its feed, as when its database is restored.
func (p *Payments) ForgetPositions() { p.feed.life++ }

// news is a page of the feed. The last change before the position is told again.
func (p *Payments) news(position string) settlement.News {
	var life, at int
	if n, _ := fmt.Sscanf(position, "%d %d", &life, &at); n < 2 || life != p.feed.life {
		return settlement.News{Position: fmt.Sprint(p.feed.life, " ", len(p.feed.changes)), Reset: true}
	}
	to := min(at+paymentsPage, len(p.feed.changes))
	news := settlement.News{Position: fmt.Sprint(life, " ", to), More: to < len(p.feed.changes)}
	if to > at {
		news.Changes = p.list(p.feed.changes[max(at-1, 0):to])
	}
	return news
}

// list returns the payments of orders.
func (p *Payments) list(orderIDs []string) (all []order.PaymentNews) {
	for _, id := range orderIDs {
		if book := p.Books[id]; book != nil {
			all = append(all, book.news())
		}
	}
	return all
}

// news is the payment as it is told.
func (p *Payment) news() order.PaymentNews {
	amount := func(n int64) money.Money { return money.New(n, "GBP") }
	news := order.PaymentNews{
		OrderID: p.OrderID, Version: p.version, Status: order.PaymentStatus(p.Status), Expired: p.expired,
		Amount: amount(p.Amount), Captured: amount(p.captured), Refunded: amount(p.Refunded()),
	}
	for _, r := range p.refunds {
		news.Refunds = append(news.Refunds, order.Refund{ID: r.id, Amount: amount(r.amount), Status: r.status})
	}
	return news
}
