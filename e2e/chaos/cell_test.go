package chaos

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"time"

	"souk/e2e/fault"
	"souk/e2e/shop"
	"souk/e2e/trial"
)

// cell is one square of the crash matrix, with the seed of what is left to chance.
type cell struct {
	step   step
	moment fault.Moment
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

// play plays the cell in a shop. The shop is as good as new afterwards, unless there is an error.
func (c cell) play(ctx context.Context, a *arena) (result, error) {
	s, err := c.scene(ctx, a)
	if err != nil {
		return result{}, fmt.Errorf("prepare: %w", err)
	}
	r, sender, err := c.step.play.begin(ctx, s)
	if err != nil {
		return result{}, fmt.Errorf("prepare: %w", err)
	}
	h := harm{arena: a, fault: c.fault, service: c.step.service, moment: c.moment, delay: time.Duration(s.random.Int64N(int64(2 * time.Second)))}
	proxy := h.lay(ctx, c.step.method)
	resp, retries, err := insist(ctx, sender, r)
	if proxy.Waiting() {
		return result{}, errors.Join(errors.New("the step was never reached"), err)
	}
	if err != nil {
		return result{}, errors.Join(err, s.trace(ctx))
	}
	got := result{status: resp.Status, retries: retries, answered: time.Since(h.at)}
	if err := c.judge(ctx, s, &h, sender, r, resp); err != nil {
		return got, errors.Join(err, s.trace(ctx))
	}
	got.clean = time.Since(h.at)
	return got, nil
}

// scene opens an account for the cell and logs staff in.
func (c cell) scene(ctx context.Context, a *arena) (*scene, error) {
	keeper, err := a.staff(ctx)
	if err != nil {
		return nil, err
	}
	buyer, err := a.register(ctx)
	return &scene{arena: a, random: c.random(), buyer: buyer, keeper: keeper}, err
}

// judge compares what became of the order with what the answer said.
func (c cell) judge(ctx context.Context, s *scene, h *harm, sender *shop.Client, r request, resp *shop.Response) error {
	there, ok := c.step.play.ends[resp.Status]
	if !ok {
		return fmt.Errorf("the answer is %d %s", resp.Status, resp.Body)
	}
	if s.orderID == "" {
		s.orderID = orderIDOf(resp)
	}
	if r.key != "" {
		again, _, err := insist(ctx, sender, r)
		if err != nil || again.Status != resp.Status || !bytes.Equal(again.Body, resp.Body) {
			return fmt.Errorf("the answer was %d %s, and then %d %s, %w", resp.Status, resp.Body, again.Status, again.Body, err)
		}
	}
	if err := <-h.mended; err != nil {
		return fmt.Errorf("start again what was killed: %w", err)
	}
	if err := s.await(ctx, cleanWithin, there); err != nil {
		return err
	}
	return trial.Until(ctx, cleanWithin, s.books)
}

// orderIDOf returns the order that an answer to a checkout is about.
func orderIDOf(resp *shop.Response) string {
	if resp.Status >= 400 {
		return problemOf(resp).OrderID
	}
	var placed shop.Order
	_ = resp.Decode(&placed) // an order without an id is not found
	return placed.ID
}

// trace is what is known of the order, as an error.
func (s *scene) trace(ctx context.Context) error {
	if s.orderID == "" {
		var mine shop.Orders
		if err := s.buyer.Do(ctx, "GET", "/v1/orders", nil, &mine); err == nil && len(mine.Items) > 0 {
			s.orderID = mine.Items[0].ID
		}
	}
	return fmt.Errorf("order %s in the logs:\n%s", s.orderID, s.traces(s.orderID))
}
