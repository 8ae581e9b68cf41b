package simulation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"souk/services/orders/internal/aftersales"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
)

var skus = []string{"MUG", "PLATE"}

// simulate runs a simulation and returns the shop as it is then.
func simulate(t *testing.T, seed uint64) *shop {
	t.Helper()
	var s *shop
	synctest.Test(t, func(*testing.T) {
		s = draw(seed)
		s.run()
	})
	return s
}

// draw makes the shop of a seed.
func draw(seed uint64) *shop {
	d := newActor(seed, "simulation").dice("shop")
	stock, most := map[string]int64{}, one(d, int64(1), 4)
	for _, sku := range skus {
		stock[sku] = 1 + d.Int64N(most)
	}
	settings := orders.Settings{Inline: 5 * time.Second, Hold: one(d, 8*time.Second, 30*time.Second, 2*time.Minute)}
	s := newShop(seed, drawFaults(d), settings, stock)
	plate := s.Catalog.Variants["PLATE"]
	plate.StockRule = one(d, order.StockRule{}, order.StockRule{Untracked: true}, order.StockRule{ContinueSelling: true})
	s.Catalog.Variants["PLATE"] = plate
	return s
}

// run has people use the shop while everything goes wrong, lets everything come to rest, has staff finish every
// order, and audits the shop.
func (s *shop) run() {
	s.start()
	var people sync.WaitGroup
	for n := range 3 {
		buyer := &shopper{person: s.person(fmt.Sprintf("shopper %d", n+1)), id: fmt.Sprintf("customer-%d", n+1), cart: fmt.Sprintf("cart-%d", n+1)}
		buyer.follow = func(o order.View) {
			people.Go(func() {
				(&life{person: s.person("life of " + s.nameOf(o.ID)), order: o}).live()
			})
		}
		people.Go(buyer.shopUntilDone)
	}
	people.Go(s.restock)
	people.Go(s.bank)
	if s.faults.doubles {
		people.Go(s.advanceTwice)
	}
	people.Wait()
	time.Sleep(s.faults.until + requestTime - s.age()) // so that no fault is still to come
	if s.rest() {
		s.finish()
	}
	if s.rest() {
		s.audit()
	}
	s.close()
	time.Sleep(requestTime) // until every loop has seen it
}

// sweepEvery is how often inventory ends the holds whose time is over.
const sweepEvery = 5 * time.Second

// start starts the replicas, and inventory's sweep.
func (s *shop) start() {
	for _, r := range s.replicas {
		r.start()
	}
	go func() {
		time.Sleep(sweepEvery / 3)
		for s.open() {
			s.sweep()
			time.Sleep(sweepEvery)
		}
	}()
}

func (s *shop) sweep() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.faults.away("inventory", s.age()) {
		s.Inventory.Sweep()
		s.mustBeSound("")
	}
}

func (s *shop) nameOf(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.trace.names[id]
}

// restock has new stock arrive, so that what was short no longer is.
func (s *shop) restock() {
	warehouse := s.person("warehouse")
	for range 8 {
		warehouse.pause(0, 5*time.Second)
		s.mu.Lock()
		sku := one(warehouse.dice("sku"), skus...)
		s.Inventory.Add(sku, 1)
		s.trace.add(warehouse.name, "adjust stock", sku, nil)
		s.mu.Unlock()
	}
}

// advanceTwice has orders moved on by several at once, as when a lease ends too early.
func (s *shop) advanceTwice() {
	meddler := s.person("meddler")
	for s.faulty() {
		meddler.pause(100*time.Millisecond, 2*time.Second)
		id := s.unfinished(meddler)
		if id == "" {
			continue
		}
		for _, r := range s.replicas {
			process := r.alive()
			if process == nil {
				continue
			}
			who := newActor(s.seed, fmt.Sprintf("meddler at %s %s", process.name, s.age()))
			process.spawn("advance", func() {
				ctx, cancel := context.WithTimeout(withActor(context.Background(), who), dueTime)
				defer cancel()
				time.Sleep(who.dice("start").between(0, 20*time.Millisecond))
				_ = process.Advance(ctx, id)
			})
		}
	}
}

// unfinished returns one of the orders that have work left, or none.
func (s *shop) unfinished(who *person) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []string
	for _, id := range s.store.ids {
		if s.store.rows[id].read().Task() != order.TaskNone {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return ""
	}
	return one(who.dice("order"), ids...)
}

// rest waits until nothing is being done any more. Everything must come to an end by itself.
func (s *shop) rest() bool {
	const enough = 10 * time.Minute
	for waited := time.Duration(0); waited < enough; waited += time.Second {
		if s.quiet() {
			return true
		}
		time.Sleep(time.Second)
	}
	s.failf("after %s there is still something to do", enough)
	return false
}

// finish has staff bring every order to its end: whatever waits for them is done, and must be, since nothing fails
// any more.
func (s *shop) finish() {
	staff := s.person("staff")
	for _, r := range s.snapshot() {
		s.mustNeedAPerson(r)
		if r.Status == order.StatusConfirmed {
			if _, err := ask(staff, staff.replica(), "dispatch", func(ctx context.Context, service *orders.Service) (order.View, error) {
				return dispatchOrder(ctx, service, r.View)
			}); err != nil {
				s.failf("%s cannot be dispatched: %v", r.ID, err)
			}
		}
		for _, t := range r.Returns {
			received, err := receiveOnce(staff, t.ID, order.Receipt{})
			if ended(t) && errors.Is(err, order.ErrReturnDecided) {
				continue
			}
			if err != nil || received.Status != order.ReturnRefunded {
				s.failf("%s: return is %s, %v", r.ID, received.Status, err)
			}
		}
	}
	for _, r := range s.snapshot() {
		s.makeGood(staff, r)
	}
	time.Sleep(20 * time.Second) // all parcels arrive
	for _, r := range s.snapshot() {
		if !contains("delivered rejected cancelled", string(r.Status)) {
			s.failf("%s ends as %s", r.ID, r.Status)
		}
	}
}

// makeGood gives back what failed refunds have left to be given back.
func (s *shop) makeGood(staff *person, r order.Snapshot) {
	owed := order.Restore(r).Owed()
	if owed.Amount == 0 {
		return
	}
	req := aftersales.RefundRequest{StaffID: staffID, IdempotencyKey: madeGood + r.ID, OrderID: r.ID, Reason: madeGood, Amount: &owed}
	given, err := ask(staff, staff.replica(), "refund", func(ctx context.Context, service *orders.Service) (aftersales.GivenRefund, error) {
		return service.RefundOrder(ctx, req)
	})
	if err != nil || given.Refund.Status != order.RefundSucceeded {
		s.failf("%s: %v is owed, and cannot be given back: %+v, %v", r.ID, owed, given, err)
	}
}

// snapshot returns all orders.
func (s *shop) snapshot() []order.Snapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []order.Snapshot
	for _, id := range s.store.ids {
		all = append(all, s.store.rows[id].read().Snapshot())
	}
	return all
}
