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
	weather  weather
	replicas []*replica
	underway atomic.Int64 // requests that nobody waits for any more, and processes about to start

	mu        sync.Mutex
	trace     *trace
	failures  []string
	closed    bool // the processes are to end
	store     *store
	carts     *carts
	inventory *inventory
	payments  *payments
	shipping  *shipping

	given        []promise
	givenRefunds []refundPromise
	givenReturns []returnPromise
}

// newShop returns a shop with so much stock of each SKU, in which nothing runs yet.
func newShop(seed uint64, w weather, settings orders.Settings, stock map[string]int64) *shop {
	s := &shop{
		seed: seed, settings: settings, weather: w, trace: newTrace(),
		store: newStore(settings.DueAfter()), carts: newCarts(), inventory: newInventory(stock), shipping: newShipping(w.restored),
	}
	s.payments = newPayments(s.bankAnswers)
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

func (s *shop) fateOf(who *actor, place, what string) fate {
	return s.weather.fate(who.dice(what), place, s.age())
}

// bankAnswers reports whether the payment provider's answer about an order arrives.
func (s *shop) bankAnswers(orderID string, nth int) bool {
	if s.age() >= s.weather.until {
		return true
	}
	bank := newActor(s.seed, fmt.Sprintf("bank %s %d", s.trace.names[orderID], nth))
	return !bank.dice("answer").chance(s.weather.bank)
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

// variants is the catalog, in which everything gets dearer every now and then.
func variants(skus []string, age time.Duration) map[string]checkout.Variant {
	found := map[string]checkout.Variant{}
	for _, sku := range skus {
		price := money.New(int64(len(sku))*250+int64(age/priceRise), currency)
		found[sku] = checkout.Variant{SKU: sku, Title: sku, Price: price, WeightGrams: 400}
	}
	return found
}

const priceRise = 20 * time.Second

// ship hands an order's parcel over.
func (s *shop) ship(orderID string) order.Shipment {
	carrier := newActor(s.seed, "carrier "+s.trace.names[orderID])
	if s.shipping.ship(orderID, carrier.dice("ship")) {
		s.mustBeSellable(orderID)
	}
	return order.Shipment{ID: "sh-" + orderID, Carrier: "Royal", TrackingNumber: "RM1"}
}
