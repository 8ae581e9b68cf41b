package simulation

import (
	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
)

// refundPromise and returnPromise are what staff and customers were told.
type (
	refundPromise struct {
		request aftersales.RefundRequest
		refund  order.Refund
		bytes   string
	}
	returnPromise struct {
		orderID string
		goods   order.Return
	}
)

func (s *shop) refundPromised(request aftersales.RefundRequest, refund order.Refund) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.givenRefunds = append(s.givenRefunds, refundPromise{request, refund, text(refund)})
}

func (s *shop) returnPromised(orderID string, goods order.Return) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.givenReturns = append(s.givenReturns, returnPromise{orderID, goods})
}

// checkPromises holds the shop to everything that anybody was told. It is called with mu held.
func (s *shop) checkPromises() {
	answers := map[string]promise{}
	for _, p := range s.given {
		s.checkOrderPromise(p)
		if !p.key {
			continue
		}
		if first, again := answers[p.about]; again && first.bytes != p.bytes {
			s.broken("%s was answered twice: %s and then %s", p.about, first.bytes, p.bytes)
		} else if !again {
			answers[p.about] = p
		}
	}
	refunds := map[string]string{}
	for _, p := range s.givenRefunds {
		if first := refunds[p.request.IdempotencyKey]; first != "" && first != p.bytes {
			s.broken("%s was answered twice: %s and then %s", p.request.IdempotencyKey, first, p.bytes)
		}
		refunds[p.request.IdempotencyKey] = p.bytes
		s.checkRefundPromise(p)
	}
	for _, p := range s.givenReturns {
		s.checkReturnPromise(p)
	}
}

// comesAfter is where an order may be that somebody was told of: at once or later.
var comesAfter = map[order.Status]string{
	order.StatusPending:   "pending confirmed fulfilled delivered rejected cancelled",
	order.StatusConfirmed: "confirmed fulfilled delivered cancelled",
	order.StatusFulfilled: "fulfilled delivered",
	order.StatusDelivered: "delivered",
	order.StatusRejected:  "rejected",
	order.StatusCancelled: "cancelled",
}

func (s *shop) checkOrderPromise(p promise) {
	o, err := s.store.get(p.order.ID)
	if err != nil {
		s.broken("%s: the order of %s is lost", p.order.ID, p.about)
		return
	}
	told, is := p.order, o.View()
	if !contains(comesAfter[told.Status], string(is.Status)) {
		s.broken("%s: was %s and is %s", is.ID, told.Status, is.Status)
	}
	if len(is.Timeline) < len(told.Timeline) || text(is.Timeline[:len(told.Timeline)]) != text(told.Timeline) {
		s.broken("%s: the timeline %v became %v", is.ID, told.Timeline, is.Timeline)
	}
	// The rest of what was bought must not have changed at all.
	for _, o := range []*order.View{&told, &is} {
		o.Status, o.Timeline, o.Payment, o.Returns, o.Refunds = "", nil, order.Payment{}, nil, nil
		if told.Rejection == nil {
			o.Rejection = nil
		}
		if told.Shipment == (order.Shipment{}) {
			o.Shipment = told.Shipment
		}
	}
	if text(told) != text(is) {
		s.broken("%s: %s became %s", is.ID, text(told), text(is))
	}
}

func (s *shop) checkRefundPromise(p refundPromise) {
	r, err := s.store.get(p.request.OrderID)
	if err != nil {
		s.broken("%s: the order of %s is lost", p.request.OrderID, p.request.IdempotencyKey)
		return
	}
	// Whether it succeeds may change: see order.FollowPayment.
	for _, f := range r.View().Refunds {
		if f.ID == p.refund.ID && f.Amount == p.request.Amount && f.Status != order.RefundPending {
			return
		}
	}
	s.broken("%s: the refund %+v is lost: %+v", r.ID(), p.refund, r.View().Refunds)
}

func (s *shop) checkReturnPromise(p returnPromise) {
	r, err := s.store.get(p.orderID)
	if err != nil {
		s.broken("%s: the order of a return is lost", p.orderID)
		return
	}
	for _, t := range r.View().Returns {
		if t.ID == p.goods.ID {
			t.Status = p.goods.Status // it only moves on
			if text(t) != text(p.goods) {
				s.broken("%s: the return %s became %s", r.ID(), text(p.goods), text(t))
			}
			return
		}
	}
	s.broken("%s: the return %+v is lost", r.ID(), p.goods)
}
