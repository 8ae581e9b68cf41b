package simulation

import (
	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
)

// refundPromise is what staff were told of a refund.
type refundPromise struct {
	request aftersales.RefundRequest
	refund  order.Refund
	bytes   string
}

func (s *shop) refundPromised(request aftersales.RefundRequest, refund order.Refund) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.givenRefunds = append(s.givenRefunds, refundPromise{request, refund, text(refund)})
}

// returnPromised keeps what somebody was told of a return.
func (s *shop) returnPromised(goods order.ReturnView) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.givenReturns = append(s.givenReturns, goods)
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
		if f.ID == p.refund.ID && text(refundedFor(f)) == text(refundedFor(p.refund)) && f.Status != order.RefundPending {
			return
		}
	}
	s.broken("%s: the refund %+v is lost: %+v", r.ID(), p.refund, r.View().Refunds)
}

// refundedFor is what a refund gives back. It does not change.
func refundedFor(f order.Refund) order.Refund {
	f.Status = ""
	return f
}

// returnComesAfter is where a return may be that somebody was told of: at once or later.
var returnComesAfter = map[order.ReturnStatus]string{
	order.ReturnRequested: "requested received refunded refused withdrawn",
	order.ReturnReceived:  "received refunded",
	order.ReturnRefunded:  "refunded",
	order.ReturnRefused:   "refused",
	order.ReturnWithdrawn: "withdrawn",
}

func (s *shop) checkReturnPromise(told order.ReturnView) {
	r, err := s.store.get(told.OrderID)
	if err != nil {
		s.broken("%s: the order of a return is lost", told.OrderID)
		return
	}
	is, ok := r.ReturnView(told.ID)
	if !ok {
		s.broken("%s: the return %+v is lost", r.ID(), told)
		return
	}
	if !contains(returnComesAfter[told.Status], string(is.Status)) {
		s.broken("%s: the return %s became %s", r.ID(), text(told), text(is))
	}
	// The rest must not have changed, except by the decision about a requested return.
	if told.Status == order.ReturnRequested {
		told.Lines, told.NotRestocked, told.Amount = is.Lines, is.NotRestocked, is.Amount
		told.RefundShipping, told.RefundAmount, told.RefusalReason = is.RefundShipping, is.RefundAmount, is.RefusalReason
	}
	if told.Status = is.Status; text(told) != text(is) {
		s.broken("%s: the return %s became %s", r.ID(), text(told), text(is))
	}
}
