package simulation

import (
	"encoding/json"
	"slices"
	"time"

	"souk/platform/idempotency"

	"souk/services/orders/internal/orders"
)

// store is the orders database: what internal/postgres keeps, and the transactions that change it.
type store struct {
	dueAfter   time.Duration // after an order has come to have work
	ids        []string      // of all orders, the oldest first
	rows       map[string]*row
	keys       map[string]*key      // by the customer and the key
	refundKeys map[string]*key      // by the member of staff and the key
	position   string               // in the feed of moves
	pending    []orders.ParcelMoves // moves that wait
}

// row is an order.
type row struct {
	orders.Record
	key    *key
	due    time.Time // zero while there is nothing to do
	claims int       // how often the order was claimed because it was due
}

// key is the idempotency key of a checkout or a refund. Its answer is an order in JSON, or the refund's status.
type key struct{ idempotency.Use }

func newUse(r idempotency.Request, subject string) idempotency.Use {
	return idempotency.Use{Fingerprint: r.Fingerprint, RequestID: r.RequestID, Subject: subject}
}

func nameOf(r idempotency.Request) string { return r.Caller + " " + r.Key }

func newStore(dueAfter time.Duration) *store {
	return &store{
		dueAfter: dueAfter, rows: map[string]*row{}, keys: map[string]*key{}, refundKeys: map[string]*key{},
	}
}

// read returns an order as a query does, which shares nothing with what is stored.
func (r *row) read() orders.Record {
	read := r.Record
	read.Timeline, read.Returns, read.Refunds = slices.Clone(read.Timeline), slices.Clone(read.Returns), slices.Clone(read.Refunds)
	return read
}

func (s *store) place(r orders.Record, used idempotency.Request) (orders.Record, error) {
	name := nameOf(used)
	if s.keys[name] != nil {
		return orders.Record{}, orders.ErrKeyTaken
	}
	r.Version = 1
	s.keys[name] = &key{newUse(used, r.ID)}
	s.ids = append(s.ids, r.ID)
	s.rows[r.ID] = &row{Record: r, key: s.keys[name]}
	s.rows[r.ID].schedule(r, s.dueAfter)
	return r, nil
}

func (s *store) key(r idempotency.Request) (orders.UsedKey, error) {
	k := s.keys[nameOf(r)]
	if k == nil {
		return orders.UsedKey{}, orders.ErrKeyUnknown
	}
	return orders.UsedKey{Use: k.Use, Order: decode(k.Answer)}, nil
}

// settle makes an order the answer to its key, unless it has one, and returns the one that it has.
func (k *key) settle(o orders.Order) *orders.Order {
	if k.Answer == nil {
		content, err := json.Marshal(o)
		if err != nil {
			panic(err) // strings, numbers and times always marshal
		}
		k.Answer = content
	}
	return decode(k.Answer)
}

func decode(content []byte) *orders.Order {
	if content == nil {
		return nil
	}
	var o orders.Order
	if err := json.Unmarshal(content, &o); err != nil {
		panic(err) // it was marshaled here
	}
	return &o
}

func (s *store) answer(r orders.Record) (orders.Order, error) {
	if r.Status == orders.StatusPending {
		s.postpone(r.ID, 0)
	}
	return *s.rows[r.ID].key.settle(r.Order), nil
}

func (s *store) get(id string) (orders.Record, error) {
	stored := s.rows[id]
	if stored == nil {
		return orders.Record{}, orders.ErrNotFound
	}
	return stored.read(), nil
}

func (s *store) save(c orders.Change) (orders.Record, error) {
	saved, stored := c.Record, s.rows[c.Record.ID]
	if stored == nil || stored.Version != saved.Version {
		return orders.Record{}, orders.ErrConflict
	}
	if k := c.RefundKey; k != nil {
		name := nameOf(k.Request)
		if s.refundKeys[name] != nil {
			return orders.Record{}, orders.ErrKeyTaken
		}
		s.refundKeys[name] = &key{newUse(k.Request, k.RefundID)}
	}
	stored.schedule(saved, s.dueAfter)
	if c.Settles {
		saved.Answer = stored.key.settle(saved.Order)
	}
	saved.Version++
	stored.write(saved, c.Entries)
	return saved, nil
}

// write stores the columns that change, and the rows that are new.
func (r *row) write(saved orders.Record, entries []orders.TimelineEntry) {
	r.Version, r.Status, r.Intent, r.ChangedAt = saved.Version, saved.Status, saved.Intent, saved.ChangedAt
	r.Shipment, r.Payment, r.CartCheckedOut = saved.Shipment, saved.Payment, saved.CartCheckedOut
	r.Refusal = saved.Refusal
	if r.Status == orders.StatusRejected {
		r.Rejection = r.Refusal
	}
	r.Timeline = append(r.Timeline, entries...)
	for _, goods := range saved.Returns {
		if i := slices.IndexFunc(r.Returns, func(t orders.Return) bool { return t.ID == goods.ID }); i >= 0 {
			r.Returns[i].Status = goods.Status
		} else {
			r.Returns = append(r.Returns, goods)
		}
	}
	for _, refund := range saved.Refunds {
		if i := slices.IndexFunc(r.Refunds, func(f orders.Refund) bool { return f.ID == refund.ID }); i >= 0 {
			r.Refunds[i].Status = refund.Status
		} else {
			r.Refunds = append(r.Refunds, refund)
		}
	}
}

func (s *store) tracked(ids []string) (all []orders.Tracked) {
	for _, id := range ids {
		r := s.rows[id]
		if r == nil {
			continue
		}
		t := orders.Tracked{ID: id, Status: r.Status}
		for _, entry := range r.Timeline {
			if slices.Contains(wholeWay, entry.Event) {
				t.Moves++
			}
		}
		all = append(all, t)
	}
	return all
}

func (s *store) savePosition(from, to string, pending []orders.ParcelMoves) error {
	if s.position != from {
		return orders.ErrConflict
	}
	s.position = to
	for _, parcel := range pending {
		i := slices.IndexFunc(s.pending, func(p orders.ParcelMoves) bool { return p.OrderID == parcel.OrderID })
		switch {
		case i < 0:
			s.pending = append(s.pending, parcel)
		case len(s.pending[i].Moves) < len(parcel.Moves):
			s.pending[i] = parcel
		}
	}
	return nil
}

func (s *store) deletePending(parcel orders.ParcelMoves) {
	s.pending = slices.DeleteFunc(slices.Clone(s.pending), func(p orders.ParcelMoves) bool {
		return p.OrderID == parcel.OrderID && slices.Equal(p.Moves, parcel.Moves)
	})
}

// list returns orders, newest first, two at a time.
func (s *store) list(filter orders.Filter) (found []orders.Record, more bool) {
	past := filter.Before == nil
	for _, id := range slices.Backward(s.ids) {
		r := s.rows[id]
		switch {
		case !past:
			past = id == filter.Before.ID
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
		if slices.ContainsFunc(s.rows[orderID].Returns, func(t orders.Return) bool { return t.ID == id }) {
			return orderID, nil
		}
	}
	return "", orders.ErrReturnNotFound
}

func (s *store) refundKey(r idempotency.Request) (idempotency.Use, error) {
	k := s.refundKeys[nameOf(r)]
	if k == nil {
		return idempotency.Use{}, orders.ErrKeyUnknown
	}
	return k.Use, nil
}

func (s *store) answerRefund(id string, status orders.RefundStatus) (orders.RefundStatus, error) {
	for _, k := range s.refundKeys {
		if k.Subject == id {
			if k.Answer == nil {
				k.Answer = []byte(status)
			}
			return orders.RefundStatus(k.Answer), nil
		}
	}
	return status, nil
}
