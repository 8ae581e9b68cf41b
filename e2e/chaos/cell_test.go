package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"souk/e2e/faultproxy"
	"souk/e2e/poll"
	"souk/e2e/shop"
)

// cell is one cell of the crash matrix, with the seed of all that is random in it.
type cell struct {
	step   step
	moment faultproxy.Moment
	fault  string
	seed   uint64
}

// String is also how SOUK_CELL names a cell.
func (c cell) String() string {
	return fmt.Sprintf("%s/%s/%s/%d", c.step.name, c.moment, c.fault, c.seed)
}

func (c cell) random() *rand.Rand {
	h := fnv.New64a()
	_, _ = h.Write([]byte(c.String())) // never fails
	return rand.New(rand.NewPCG(c.seed, h.Sum64()))
}

// result is what came of a cell, in times since the fault.
type result struct {
	status   int           // the definite answer
	retries  retries       // requests that got none
	answered time.Duration // the definite answer
	clean    time.Duration // the order at its end, and the books clean
}

func (r result) String() string {
	return fmt.Sprintf("answer %d in %.1f s after %v; recovered in %.1f s", r.status, r.answered.Seconds(), r.retries, r.clean.Seconds())
}

// run runs the cell in a shop. The shop is as good as new afterwards, unless there is an error.
func (c cell) run(ctx context.Context, a *auditedShop) (result, error) {
	s, err := c.open(ctx, a)
	if err != nil {
		return result{}, fmt.Errorf("prepare: %w", err)
	}
	r, sender, err := c.step.scenario.prepare(ctx, s)
	if err != nil {
		return result{}, fmt.Errorf("prepare: %w", err)
	}
	i := injection{auditedShop: a, fault: c.fault, service: c.step.service, moment: c.moment, delay: time.Duration(s.random.Int64N(int64(2 * time.Second)))}
	proxy := i.prepare(ctx, c.step.method)
	resp, retries, err := sendUntilAnswered(ctx, sender, r)
	if proxy.Waiting() {
		return result{}, errors.Join(errors.New("the step was never reached"), err)
	}
	if err != nil {
		return result{}, errors.Join(err, s.trace(ctx))
	}
	got := result{status: resp.Status, retries: retries, answered: time.Since(i.at)}
	if err := c.check(ctx, s, &i, sender, r, resp); err != nil {
		return got, errors.Join(err, s.trace(ctx))
	}
	got.clean = time.Since(i.at)
	return got, nil
}

// open opens an account for the cell and logs staff in.
func (c cell) open(ctx context.Context, a *auditedShop) (*session, error) {
	staff, err := a.logInStaff(ctx)
	if err != nil {
		return nil, err
	}
	buyer, err := a.register(ctx)
	return &session{auditedShop: a, random: c.random(), buyer: buyer, staff: staff}, err
}

// check compares what became of the order with what the answer said.
func (c cell) check(ctx context.Context, s *session, i *injection, sender *shop.Client, r request, resp *shop.Response) error {
	expected, ok := c.step.scenario.outcomes[resp.Status]
	if !ok {
		return fmt.Errorf("the answer is %d %s", resp.Status, resp.Body)
	}
	if s.orderID == "" {
		s.orderID = orderIDOf(resp)
	}
	if r.key != "" {
		again, _, err := sendUntilAnswered(ctx, sender, r)
		if err != nil || again.Status != resp.Status || !bytes.Equal(again.Body, resp.Body) {
			return fmt.Errorf("the answer was %d %s, and then %d %s, %w", resp.Status, resp.Body, again.Status, again.Body, err)
		}
	}
	if err := <-i.repaired; err != nil {
		return fmt.Errorf("start again what was killed: %w", err)
	}
	if err := s.await(ctx, cleanWithin, expected); err != nil {
		return err
	}
	return poll.Until(ctx, cleanWithin, s.books)
}

// orderIDOf returns the order that a checkout has left, or "". The one that a cart_being_ordered names is another key's.
func orderIDOf(resp *shop.Response) string {
	if resp.Status >= 400 {
		p := problemOf(resp)
		if p.Code == "cart_being_ordered" {
			return ""
		}
		return p.OrderID
	}
	var placed shop.Order
	_ = resp.Decode(&placed) // an order without an id is not found
	return placed.ID
}

// trace returns what the logs say of the order, as an error.
func (s *session) trace(ctx context.Context) error {
	if s.orderID == "" {
		var mine shop.Orders
		if err := s.buyer.Do(ctx, "GET", "/v1/orders", nil, &mine); err == nil && len(mine.Items) > 0 {
			s.orderID = mine.Items[0].ID
		}
	}
	return fmt.Errorf("order %s in the logs:\n%s", s.orderID, s.logsOf(s.orderID))
}
