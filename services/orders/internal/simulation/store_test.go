package simulation

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/parcels"
)

// store is the orders database: what internal/postgres keeps, and the transactions that change it.
type store struct {
	dueAfter   time.Duration // after an order has come to have work
	ids        []string      // of all orders, the oldest first
	rows       map[string]*row
	keys       map[string]*key   // by the customer and the key
	refundKeys map[string]*key   // by the member of staff and the key
	cartClaims map[string]string // the orders, by the purchases of carts that they have claimed
	position   string            // in the feed of moves
	pending    []parcels.Parcel  // moves that wait

	paymentPosition string           // in the feed of payments
	waiting         map[string]int64 // the versions of payments whose news wait, by order
}

// row is an order.
type row struct {
	order.Snapshot
	key    *key
	due    time.Time // zero while there is nothing to do
	claims int       // how often the order was claimed because it was due
}

// key is the idempotency key of a checkout or a refund. Its answer is an order in JSON, or the status of the refund.
type key struct{ idempotency.Use }

func newUse(r idempotency.Request, subject string) idempotency.Use {
	return idempotency.Use{Fingerprint: r.Fingerprint, RequestID: r.RequestID, Subject: subject}
}

func nameOf(r idempotency.Request) string { return r.Caller + " " + r.Key }

func newStore(dueAfter time.Duration) *store {
	return &store{
		dueAfter: dueAfter, rows: map[string]*row{}, keys: map[string]*key{}, refundKeys: map[string]*key{}, cartClaims: map[string]string{},
		waiting: map[string]int64{},
	}
}

// read returns an order as a query does, which shares nothing with what is stored.
func (r *row) read() order.Order {
	return order.Restore(r.Snapshot)
}

func (s *store) place(o order.Order, used idempotency.Request) (order.Order, error) {
	name := nameOf(used)
	if s.keys[name] != nil {
		return order.Order{}, order.ErrKeyTaken
	}
	for _, purchase := range o.Purchases() {
		if by, claimed := s.cartClaims[purchase]; claimed {
			return order.Order{}, &checkout.CartBeingOrderedError{OrderID: by}
		}
	}
	placed, id := o.Saved(nil), o.ID()
	for _, purchase := range o.Purchases() {
		s.cartClaims[purchase] = id
	}
	s.keys[name] = &key{newUse(used, id)}
	s.ids = append(s.ids, id)
	s.rows[id] = &row{Snapshot: placed.Snapshot(), key: s.keys[name]}
	s.rows[id].schedule(placed, s.dueAfter)
	return placed, nil
}

func (s *store) key(r idempotency.Request) (checkout.UsedKey, error) {
	k := s.keys[nameOf(r)]
	if k == nil {
		return checkout.UsedKey{}, order.ErrKeyUnknown
	}
	return checkout.UsedKey{Use: k.Use, Order: decode(k.Answer)}, nil
}

// settle makes an order the answer to its key, unless it has one, and returns the one that it has.
func (k *key) settle(o order.View) *order.View {
	if k.Answer == nil {
		content, err := json.Marshal(o)
		if err != nil {
			panic(err) // strings, numbers and times always marshal
		}
		k.Answer = content
	}
	return decode(k.Answer)
}

func decode(content []byte) *order.View {
	if content == nil {
		return nil
	}
	var o order.View
	if err := json.Unmarshal(content, &o); err != nil {
		panic(err) // it was marshaled here
	}
	return &o
}

func (s *store) answer(o order.Order) (order.View, error) {
	if o.Status() == order.StatusPending {
		s.postpone(o.ID(), 0)
	}
	return *s.rows[o.ID()].key.settle(o.View()), nil
}

func (s *store) get(id string) (order.Order, error) {
	stored := s.rows[id]
	if stored == nil {
		return order.Order{}, order.ErrNotFound
	}
	return stored.read(), nil
}

func (s *store) saveRefund(o order.Order, refundID string, used idempotency.Request) (order.Order, error) {
	name := nameOf(used)
	if stored := s.rows[o.ID()]; stored != nil && stored.Version == o.Version() && s.refundKeys[name] != nil {
		return order.Order{}, order.ErrKeyTaken
	}
	saved, err := s.save(o)
	if err == nil {
		s.refundKeys[name] = &key{newUse(used, refundID)}
	}
	return saved, err
}

func (s *store) save(o order.Order) (order.Order, error) {
	stored := s.rows[o.ID()]
	if stored == nil || stored.Version != o.Version() {
		return order.Order{}, order.ErrConflict
	}
	stored.schedule(o, s.dueAfter)
	var answer *order.View
	if o.Settled() {
		answer = stored.key.settle(o.View())
	}
	if o.GivesCartBack() {
		maps.DeleteFunc(s.cartClaims, func(_, by string) bool { return by == o.ID() })
	}
	saved := o.Saved(answer)
	stored.write(saved.Snapshot(), o.Unsaved())
	return saved, nil
}

// write stores the columns that change, and the rows that are new.
func (r *row) write(saved order.Snapshot, entries []order.TimelineEntry) {
	r.Version, r.Status, r.Intent, r.DecidedBy, r.ChangedAt = saved.Version, saved.Status, saved.Intent, saved.DecidedBy, saved.ChangedAt
	r.Shipment, r.Payment, r.CartCheckedOut = saved.Shipment, saved.Payment, saved.CartCheckedOut
	r.PaymentVersion, r.PaymentAttention, r.Owed = saved.PaymentVersion, saved.PaymentAttention, saved.Owed
	r.Refusal, r.BookingID, r.DispatchRefusal = saved.Refusal, saved.BookingID, saved.DispatchRefusal
	if r.Status == order.StatusRejected {
		r.Rejection = r.Refusal
	}
	r.Timeline = append(r.Timeline, entries...)
	for _, goods := range saved.Returns {
		if i := slices.IndexFunc(r.Returns, func(t order.Return) bool { return t.ID == goods.ID }); i >= 0 {
			goods.Reason, goods.CreatedAt = r.Returns[i].Reason, r.Returns[i].CreatedAt
			r.Returns[i] = goods
		} else {
			r.Returns = append(r.Returns, goods)
		}
	}
	for _, refund := range saved.Refunds {
		if i := slices.IndexFunc(r.Refunds, func(f order.Refund) bool { return f.ID == refund.ID }); i >= 0 {
			r.Refunds[i].Status = refund.Status
		} else {
			r.Refunds = append(r.Refunds, refund)
		}
	}
}

func (s *store) tracked(ids []string) (all []parcels.Tracked) {
	for _, id := range ids {
		r := s.rows[id]
		if r == nil {
			continue
		}
		t := parcels.Tracked{ID: id, Status: r.Status}
		for _, entry := range r.Timeline {
			if slices.Contains(wholeWay, entry.Event) {
				t.Moves++
			}
		}
		all = append(all, t)
	}
	return all
}

func (s *store) savePosition(from, to string, pending []parcels.Parcel) error {
	if s.position != from {
		return order.ErrConflict
	}
	s.position = to
	for _, parcel := range pending {
		i := slices.IndexFunc(s.pending, func(p parcels.Parcel) bool { return p.OrderID == parcel.OrderID })
		switch {
		case i < 0:
			s.pending = append(s.pending, parcel)
		case len(s.pending[i].Moves) < len(parcel.Moves):
			s.pending[i] = parcel
		}
	}
	return nil
}

func (s *store) deletePending(parcel parcels.Parcel) {
	s.pending = slices.DeleteFunc(slices.Clone(s.pending), func(p parcels.Parcel) bool {
		return p.OrderID == parcel.OrderID && slices.Equal(p.Moves, parcel.Moves)
	})
}

// list returns orders, newest first, two at a time.
func (s *store) list(filter order.Filter) (found []order.Order, more bool) {
	past := filter.After == nil
	for _, id := range slices.Backward(s.ids) {
		r := s.rows[id]
		switch {
		case !past:
			past = id == filter.After.ID
		case r.Status != filter.Status:
		case len(found) == 2:
			return found, true
		default:
			found = append(found, r.read())
		}
	}
	return found, false
}

func (s *store) orderOfReturn(id string) (string, error) {
	for _, orderID := range s.ids {
		if slices.ContainsFunc(s.rows[orderID].Returns, func(t order.Return) bool { return t.ID == id }) {
			return orderID, nil
		}
	}
	return "", order.ErrReturnNotFound
}

func (s *store) refundKey(r idempotency.Request) (idempotency.Use, error) {
	k := s.refundKeys[nameOf(r)]
	if k == nil {
		return idempotency.Use{}, order.ErrKeyUnknown
	}
	return k.Use, nil
}

func (s *store) answerRefund(id string, status order.RefundStatus) (order.RefundStatus, error) {
	for _, k := range s.refundKeys {
		if k.Subject == id {
			if k.Answer == nil {
				k.Answer = []byte(status)
			}
			return order.RefundStatus(k.Answer), nil
		}
	}
	return status, nil
}
