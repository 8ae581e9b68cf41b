package simulation

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peerstest"
)

const (
	addressID      = "home"
	shippingOption = "standard"
	currency       = "GBP"
)

var home = order.Address{Name: "Sam", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"}

// shop is everything there is in a simulation. mu guards all of it; whatever takes effect anywhere does so with mu
// held.
type shop struct {
	seed     uint64
	settings orders.Settings
	faults   faults
	replicas []*replica
	underway atomic.Int64 // requests that nobody waits for any more, and processes about to start

	mu       sync.Mutex
	trace    *trace
	failures []string
	closed   bool // the processes are to end
	store    *store
	*peerstest.World

	given          []promise
	givenRefunds   []refundPromise
	givenReturns   []order.ReturnView
	lost           map[string]bool // orders whose money the bank let go
	capturedAtBank map[string]bool
	happened       map[string]int // how often each happening has happened
}

// newShop returns a shop with so much stock of each SKU, in which nothing runs yet.
func newShop(seed uint64, w faults, settings orders.Settings, stock map[string]int64) *shop {
	s := &shop{
		seed: seed, settings: settings, faults: w, trace: newTrace(),
		store: newStore(settings.DueAfter()), World: peerstest.New(), lost: map[string]bool{}, capturedAtBank: map[string]bool{}, happened: map[string]int{},
	}
	s.Addresses[addressID] = home
	for sku, pieces := range stock {
		price := money.New(int64(len(sku))*250, currency)
		s.Catalog.Variants[sku] = checkout.Variant{SKU: sku, Title: sku, Price: price, WeightGrams: 400}
		s.Inventory.Add(sku, pieces)
	}
	s.Catalog.Rise = func() int64 { return int64(s.age() / priceRise) }
	s.Payments.Answers = s.bankAnswers
	s.Shipping.Schedule = s.schedule
	s.Shipping.Refuses = func(string) bool { return s.faults.refuses(s.age()) }
	for _, at := range w.restored {
		s.Shipping.Restored = append(s.Shipping.Restored, time.Now().Add(at))
	}
	for n := range 2 {
		name := fmt.Sprintf("replica %d", n+1)
		s.replicas = append(s.replicas, &replica{name: name, shop: s, dice: newActor(seed, name)})
	}
	return s
}

// age is how long the simulation has been going on.
func (s *shop) age() time.Duration { return time.Since(s.trace.began) }

// open reports whether the processes are to go on.
func (s *shop) open() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.closed
}

func (s *shop) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
}

// failf writes down a broken promise. It must not be called with mu held.
func (s *shop) failf(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken(format, args...)
}

// broken is failf with mu held.
func (s *shop) broken(format string, args ...any) {
	message := fmt.Sprintf(format, args...)
	s.failures = append(s.failures, message)
	s.trace.add("", "BROKEN", message, nil)
}

func (s *shop) outcomeOf(who *actor, place, what string) outcome {
	return s.faults.outcome(who.dice(what), place, s.age())
}

// bankAnswers reports whether the payment provider's answer about an order arrives.
func (s *shop) bankAnswers(orderID string, nth int) bool {
	if s.age() >= s.faults.until {
		return true
	}
	bank := newActor(s.seed, fmt.Sprintf("bank %s %d", s.trace.names[orderID], nth))
	return !bank.dice("answer").chance(s.faults.bank)
}

// later does something after d, whoever lives then.
func (s *shop) later(d time.Duration, work func()) {
	s.underway.Add(1)
	go func() {
		time.Sleep(d)
		work()
		s.underway.Add(-1)
	}()
}

// priceRise is how often everything becomes dearer by a penny.
const priceRise = 20 * time.Second

// wholeWay are the moves of every parcel.
var wholeWay = []order.Event{order.EventInTransit, order.EventOutForDelivery, order.EventDelivered}

// schedule draws the moves of an order's parcel, which is handed over now. Some parcels move before the answer is there.
func (s *shop) schedule(orderID string) (moves []peerstest.Move) {
	s.mustBeSellable(orderID)
	d := newActor(s.seed, "carrier "+s.trace.names[orderID]).dice("ship")
	pause := one(d, 5*time.Millisecond, 300*time.Millisecond, 4*time.Second)
	at := time.Now()
	for _, event := range wholeWay {
		began := at.Add(d.between(pause/10, pause))
		at = began.Add(d.between(0, one(d, fast, 2*time.Second)))
		moves = append(moves, peerstest.Move{Event: event, Began: began, Commits: at})
	}
	return moves
}
