package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

const staffID = "staff"

// life is what people do with an order that was placed.
type life struct {
	*person
	order order.View
	wait  sync.WaitGroup
}

// live follows an order through its life: it is cancelled, dispatched, or both at once; it comes back in parts, and
// money is given back for it.
func (l *life) live() {
	defer l.wait.Wait()
	if !l.reach(func(o order.View) bool { return o.Status != order.StatusPending }) {
		return
	}
	d := l.dice("life")
	l.pause(0, one(d, time.Second, 6*time.Second))
	if d.chance(0.4) {
		l.also("customer", func(who *person, o order.View) { decideOn(who, o, "cancel", order.StatusCancelled, cancelOrder) })
	}
	if d.chance(0.75) {
		decideOn(l.person, l.order, "dispatch", order.StatusFulfilled, dispatchOrder)
	}
	if !l.reach(func(o order.View) bool { return o.Status != order.StatusConfirmed }) || l.order.Payment.Captured.Amount == 0 {
		return
	}
	for n := range d.IntN(3) {
		l.also(fmt.Sprintf("refund %d", n+1), giveBack)
	}
	if !l.reach(func(o order.View) bool { return o.Status == order.StatusDelivered }) {
		return
	}
	for n := range d.IntN(3) {
		l.also(fmt.Sprintf("return %d", n+1), sendBack)
	}
}

// also has somebody else do something with the order at the same time.
func (l *life) also(name string, work func(who *person, o order.View)) {
	who, o := l.shop.person(l.name+" "+name), l.order
	l.wait.Go(func() { work(who, o) })
}

// reach looks at the order until it is as it is waited for, but not for ever.
func (l *life) reach(there func(order.View) bool) bool {
	for range 12 {
		o, err := ask(l.person, l.replica(), "get order", func(ctx context.Context, service *orders.Service) (order.View, error) {
			return service.GetOrder(ctx, order.Viewer{CustomerID: l.order.CustomerID}, l.order.ID)
		})
		if err == nil {
			l.shop.promised("get order", o, false)
			if l.order = o; there(o) {
				return true
			}
		}
		l.pause(time.Second, 4*time.Second)
	}
	return false
}

type decide func(ctx context.Context, service *orders.Service, o order.View) (order.View, error)

func cancelOrder(ctx context.Context, service *orders.Service, o order.View) (order.View, error) {
	return service.CancelOrder(ctx, o.CustomerID, o.ID)
}

func dispatchOrder(ctx context.Context, service *orders.Service, o order.View) (order.View, error) {
	return service.DispatchOrder(ctx, staffID, o.ID)
}

// decideOn asks for a decision once or twice. What is answered must be so.
func decideOn(who *person, o order.View, what string, target order.Status, decide decide) {
	for range 1 + who.dice("tries").IntN(2) {
		decided, err := ask(who, who.replica(), what, func(ctx context.Context, service *orders.Service) (order.View, error) {
			return decide(ctx, service, o)
		})
		if err == nil {
			who.shop.promised(what, decided, false)
			if decided.Status != target && (target != order.StatusFulfilled || decided.Status != order.StatusDelivered) {
				who.shop.failf("%s was answered with an order that is %s", what, decided.Status)
			}
		}
		who.pause(0, 2*time.Second)
	}
}

// giveBack gives some of the money back, with several tries under one key.
func giveBack(who *person, o order.View) {
	d := who.dice("refund")
	req := aftersales.RefundRequest{
		StaffID: staffID, IdempotencyKey: who.name, OrderID: o.ID, Reason: "late",
	}
	if d.chance(0.5) {
		line := one(d, o.Lines...)
		req.Lines, req.Shipping = []order.Item{{SKU: line.SKU, Quantity: 1 + d.Int64N(line.Quantity)}}, d.chance(0.3)
	} else {
		req.Amount = new(money.New(1+d.Int64N(o.Payment.Captured.Amount*2/3), currency))
	}
	who.pause(0, 8*time.Second)
	for range 1 + d.IntN(4) {
		given, err := ask(who, who.replica(), "refund", func(ctx context.Context, service *orders.Service) (aftersales.GivenRefund, error) {
			return service.RefundOrder(ctx, req)
		})
		if err == nil {
			who.shop.refundPromised(req, given.Refund)
		}
		who.pause(100*time.Millisecond, 5*time.Second)
	}
}

// sendBack asks for a return of some of the goods. Then it is received, refused or withdrawn, or several of these at once.
func sendBack(who *person, o order.View) {
	d := who.dice("return")
	line := one(d, o.Lines...)
	req := aftersales.ReturnRequest{
		CustomerID: o.CustomerID, OrderID: o.ID, Reason: "too small",
		Lines: []order.Item{{SKU: line.SKU, Quantity: 1 + d.Int64N(line.Quantity)}},
	}
	goods, err := ask(who, who.replica(), "request return", func(ctx context.Context, service *orders.Service) (order.ReturnView, error) {
		return service.RequestReturn(ctx, req)
	})
	if err != nil {
		return
	}
	who.shop.returnPromised(goods)
	var both sync.WaitGroup
	defer both.Wait()
	for n := range 1 + d.IntN(2) {
		clerk := who.shop.person(fmt.Sprintf("%s clerk %d", who.name, n+1))
		end := one(clerk.dice("end"), receive, receive, receive, refuse, withdraw)
		both.Go(func() { end(clerk, goods) })
	}
}

// endReturn asks for a decision about a return. What is answered must be so.
func endReturn(who *person, what string, decide func(ctx context.Context, service *orders.Service) (order.ReturnView, error)) (order.ReturnView, error) {
	goods, err := ask(who, who.replica(), what, decide)
	if err == nil {
		who.shop.returnPromised(goods)
	}
	return goods, err
}

// receive takes a return's goods back, or those of them that came.
func receive(clerk *person, goods order.ReturnView) {
	clerk.pause(0, 2*time.Second)
	_, _ = receiveOnce(clerk, goods.ID, receiptOf(clerk.dice("receipt"), goods))
}

func receiveOnce(clerk *person, returnID string, came order.Receipt) (order.ReturnView, error) {
	return endReturn(clerk, "receive return", func(ctx context.Context, service *orders.Service) (order.ReturnView, error) {
		return service.ReceiveReturn(ctx, aftersales.ReceiveRequest{StaffID: staffID, ReturnID: returnID, Came: came})
	})
}

// receiptOf returns what came of a return, of which some is damaged perhaps.
func receiptOf(d dice, goods order.ReturnView) order.Receipt {
	receipt := order.Receipt{RefundShipping: d.chance(0.3)}
	if d.chance(0.4) {
		return receipt
	}
	announced := goods.Lines[0]
	fit := d.Int64N(announced.Quantity + 1)
	damaged := d.Int64N(announced.Quantity - fit + 1)
	receipt.Lines = receivedLines(announced.SKU, fit, damaged)
	return receipt
}

// receivedLines are pieces of a SKU that came.
func receivedLines(sku string, fit, damaged int64) (lines []order.ReceivedLine) {
	if fit > 0 {
		lines = append(lines, order.ReceivedLine{Item: order.Item{SKU: sku, Quantity: fit}, Restock: true})
	}
	if damaged > 0 {
		lines = append(lines, order.ReceivedLine{Item: order.Item{SKU: sku, Quantity: damaged}})
	}
	return lines
}

// refuse does not accept a return.
func refuse(clerk *person, goods order.ReturnView) {
	clerk.pause(0, 2*time.Second)
	_, _ = endReturn(clerk, "refuse return", func(ctx context.Context, service *orders.Service) (order.ReturnView, error) {
		return service.RefuseReturn(ctx, staffID, goods.ID, "worn")
	})
}

// withdraw gives a return up.
func withdraw(customer *person, goods order.ReturnView) {
	customer.pause(0, 2*time.Second)
	_, _ = endReturn(customer, "withdraw return", func(ctx context.Context, service *orders.Service) (order.ReturnView, error) {
		return service.WithdrawReturn(ctx, goods.CustomerID, goods.OrderID, goods.ID)
	})
}
