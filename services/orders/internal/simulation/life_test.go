package simulation

import (
	"context"
	"fmt"
	"sync"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/orders"
)

const staffID = "staff"

// life is what people do with an order that was placed.
type life struct {
	*person
	order orders.Order
	wait  sync.WaitGroup
}

// live follows an order through its life: it is cancelled, dispatched, or both at once; it comes back in parts, and
// money is given back for it.
func (l *life) live() {
	defer l.wait.Wait()
	if !l.reach(func(o orders.Order) bool { return o.Status != orders.StatusPending }) {
		return
	}
	d := l.dice("life")
	l.pause(0, one(d, time.Second, 6*time.Second))
	if d.chance(0.4) {
		l.also("customer", func(who *person, o orders.Order) { decideOn(who, o, "cancel", orders.StatusCancelled, cancelOrder) })
	}
	if d.chance(0.75) {
		decideOn(l.person, l.order, "dispatch", orders.StatusFulfilled, dispatchOrder)
	}
	if !l.reach(func(o orders.Order) bool { return o.Status != orders.StatusConfirmed }) || l.order.Payment.Captured.Amount == 0 {
		return
	}
	for n := range d.IntN(3) {
		l.also(fmt.Sprintf("refund %d", n+1), giveBack)
	}
	if !l.reach(func(o orders.Order) bool { return o.Status == orders.StatusDelivered }) {
		return
	}
	for n := range d.IntN(3) {
		l.also(fmt.Sprintf("return %d", n+1), sendBack)
	}
}

// also has somebody else do something with the order at the same time.
func (l *life) also(name string, work func(who *person, o orders.Order)) {
	who, order := l.shop.person(l.name+" "+name), l.order
	l.wait.Go(func() { work(who, order) })
}

// reach looks at the order until it is as it is waited for, but not for ever.
func (l *life) reach(there func(orders.Order) bool) bool {
	for range 12 {
		order, err := ask(l.person, l.replica(), "get order", func(ctx context.Context, service *orders.Service) (orders.Order, error) {
			return service.GetOrder(ctx, orders.Viewer{CustomerID: l.order.CustomerID}, l.order.ID)
		})
		if err == nil {
			l.shop.promised("get order", order, false)
			if l.order = order; there(order) {
				return true
			}
		}
		l.pause(time.Second, 4*time.Second)
	}
	return false
}

type decide func(ctx context.Context, service *orders.Service, o orders.Order) (orders.Order, error)

func cancelOrder(ctx context.Context, service *orders.Service, o orders.Order) (orders.Order, error) {
	return service.CancelOrder(ctx, o.CustomerID, o.ID)
}

func dispatchOrder(ctx context.Context, service *orders.Service, o orders.Order) (orders.Order, error) {
	return service.DispatchOrder(ctx, o.ID)
}

// decideOn asks for a decision once or twice. What is answered must be so.
func decideOn(who *person, order orders.Order, what string, target orders.Status, decide decide) {
	for range 1 + who.dice("tries").IntN(2) {
		decided, err := ask(who, who.replica(), what, func(ctx context.Context, service *orders.Service) (orders.Order, error) {
			return decide(ctx, service, order)
		})
		if err == nil {
			who.shop.promised(what, decided, false)
			if decided.Status != target && (target != orders.StatusFulfilled || decided.Status != orders.StatusDelivered) {
				who.shop.failf("%s was answered with an order that is %s", what, decided.Status)
			}
		}
		who.pause(0, 2*time.Second)
	}
}

// giveBack gives some of the money back, with several tries under one key.
func giveBack(who *person, order orders.Order) {
	d := who.dice("refund")
	req := orders.RefundRequest{
		StaffID: staffID, IdempotencyKey: who.name, OrderID: order.ID, Reason: "late",
		Amount: money.New(1+d.Int64N(order.Payment.Captured.Amount*2/3), currency),
	}
	who.pause(0, 8*time.Second)
	for range 1 + d.IntN(4) {
		given, err := ask(who, who.replica(), "refund", func(ctx context.Context, service *orders.Service) (orders.GivenRefund, error) {
			return service.RefundOrder(ctx, req)
		})
		if err == nil {
			who.shop.refundPromised(req, given.Refund)
		}
		who.pause(100*time.Millisecond, 5*time.Second)
	}
}

// sendBack asks for a return of some of the goods, and has them received, by two people at once perhaps.
func sendBack(who *person, order orders.Order) {
	d := who.dice("return")
	line := one(d, order.Lines...)
	req := orders.ReturnRequest{
		CustomerID: order.CustomerID, OrderID: order.ID, Reason: "too small",
		Lines: []orders.Item{{SKU: line.SKU, Quantity: 1 + d.Int64N(line.Quantity)}},
	}
	goods, err := ask(who, who.replica(), "request return", func(ctx context.Context, service *orders.Service) (orders.Return, error) {
		return service.RequestReturn(ctx, req)
	})
	if err != nil {
		return
	}
	who.shop.returnPromised(order.ID, goods)
	var both sync.WaitGroup
	defer both.Wait()
	for n := range 1 + d.IntN(2) {
		clerk := who.shop.person(fmt.Sprintf("%s clerk %d", who.name, n+1))
		both.Go(func() { receive(clerk, goods.ID) })
	}
}

// receive takes a return's goods back.
func receive(clerk *person, returnID string) {
	clerk.pause(0, 2*time.Second)
	orderID, received, err := receiveOnce(clerk, returnID)
	if err == nil {
		clerk.shop.returnPromised(orderID, received)
	}
}

func receiveOnce(clerk *person, returnID string) (string, orders.Return, error) {
	var orderID string
	received, err := ask(clerk, clerk.replica(), "receive return", func(ctx context.Context, service *orders.Service) (orders.Return, error) {
		id, received, err := service.ReceiveReturn(ctx, returnID)
		orderID = id
		return received, err
	})
	return orderID, received, err
}
