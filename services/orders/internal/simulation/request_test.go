package simulation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"souk/platform/field"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/saga"
)

// errNoAnswer is what a client knows when it does not know anything.
var errNoAnswer = errors.New("no answer")

// person is someone who sends requests, one after the other.
type person struct {
	*actor
	shop *shop
	sent int
}

func (s *shop) person(name string) *person {
	return &person{actor: newActor(s.seed, name), shop: s}
}

// The gateway waits this long for orders, and then some for the answer to travel.
const (
	requestTime = 10 * time.Second
	travelTime  = 50 * time.Millisecond
)

// ask has a replica handle a request and returns what the client learns of it: the answer, or errNoAnswer.
func ask[T any](p *person, r *replica, what string, handle func(ctx context.Context, service *orders.Service) (T, error)) (T, error) {
	type answer struct {
		value T
		err   error
	}
	var none T
	p.sent++
	who := newActor(p.seed, fmt.Sprintf("%s %d", p.name, p.sent))
	d := who.dice("client")
	time.Sleep(d.between(0, 10*time.Millisecond))
	process := r.alive()
	if process == nil {
		return none, errNoAnswer
	}
	patience := requestTime + d.between(0, time.Millisecond)
	if p.shop.faulty() && d.chance(0.05) {
		patience = d.between(time.Second, requestTime)
	}
	ctx, cancel := context.WithTimeout(withActor(context.Background(), who), patience)
	defer cancel()
	answered := make(chan answer, 1)
	process.spawn(what, func() {
		value, err := handle(ctx, process.Service)
		answered <- answer{value, err}
	})
	gone := time.NewTimer(patience + d.between(time.Millisecond, travelTime))
	defer gone.Stop()
	select {
	case a := <-answered:
		if p.shop.faulty() && d.chance(p.shop.faults.lostAnswers) {
			return none, errNoAnswer
		}
		p.shop.note(who.name, what+" answered", "", a.err)
		return a.value, a.err
	case <-gone.C:
		p.shop.note(who.name, what, "", errNoAnswer)
		return none, errNoAnswer
	}
}

// note writes down what a client saw.
func (s *shop) note(who, what, detail string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace.add(who, what, detail, err)
}

// faulty reports whether there are faults yet.
func (s *shop) faulty() bool { return s.age() < s.faults.until }

// replica returns one of the replicas, as a balancer does.
func (p *person) replica() *replica {
	return p.shop.replicas[p.dice("replica").IntN(len(p.shop.replicas))]
}

// pause waits for a while.
func (p *person) pause(least, most time.Duration) {
	time.Sleep(p.dice("pause").between(least, most))
}

// promise is what somebody was told: that the order was like this.
type promise struct {
	about string // the request; the same request is answered the same
	order order.View
	bytes string
	key   bool // it is the answer to an idempotency key
}

// promised keeps what a client was told.
func (s *shop) promised(about string, o order.View, key bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.given = append(s.given, promise{about: about, order: o, bytes: text(o), key: key})
}

// text is an answer as a client sees it.
func text(answer any) string {
	content, err := json.Marshal(answer)
	if err != nil {
		panic(err) // strings, numbers and times always marshal
	}
	return string(content)
}

// refused reports whether an error says that a request to place an order saved nothing.
func refused(err error) bool {
	var price *checkout.PriceChangedError
	var short *checkout.InsufficientStockError
	var invalid *field.Error
	var claimed *checkout.CartBeingOrderedError
	return errors.Is(err, checkout.ErrCartEmpty) || errors.Is(err, saga.ErrUnavailable) || errors.As(err, &price) || errors.As(err, &short) ||
		errors.As(err, &invalid) || errors.As(err, &claimed)
}
