package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/testkit/porcupine"

	"souk/services/inventory/internal/inventory"
)

// The operations on one SKU. All calls for an order use the same quantity; a return brings back one piece.
const (
	reserve = iota
	commit
	release
	giveBack
	adjust
	look
	operations
)

const orders = 48

// call is a client's call, and answer its result. err is "" on success. The numbers come from the answer or the shortage.
type call struct {
	operation, order int
	quantity         int64
}

type answer struct {
	err                         string
	onHand, reserved, available int64
}

// books is the model: the expected state of one SKU after each operation.
type books struct {
	onHand, reserved int64
	status           [orders]inventory.Status // "" before the first operation of the order
	kept             [orders]int64            // pieces that a committed order bought and has not returned
	refused          [orders]bool             // permanently
	left             [orders]int64            // available pieces when the order was refused
}

// step returns the only correct answer to c, and the state after it.
func (b books) step(c call) (answer, books) {
	status := &b.status[c.order]
	ended := answer{err: inventory.ErrReservationEnded.Error()}
	switch c.operation {
	case reserve:
		switch left := b.onHand - b.reserved; {
		case b.refused[c.order]:
			return answer{err: "short", available: b.left[c.order]}, b
		case *status == inventory.Released:
			return ended, b
		case *status != "":
		case left < c.quantity:
			*status, b.refused[c.order], b.left[c.order] = inventory.Released, true, left
			return answer{err: "short", available: left}, b
		default:
			b.reserved += c.quantity
			*status = inventory.Held
		}
	case commit:
		switch *status {
		case "", inventory.Released:
			return ended, b
		case inventory.Held:
			b.onHand, b.reserved = b.onHand-c.quantity, b.reserved-c.quantity
			*status, b.kept[c.order] = inventory.Committed, c.quantity
		}
	case release:
		if *status == inventory.Held {
			b.reserved -= c.quantity
		}
		b.onHand, b.kept[c.order] = b.onHand+b.kept[c.order], 0
		*status = inventory.Released
	case giveBack:
		if b.kept[c.order] == 0 {
			return answer{err: inventory.ErrNotSold.Error()}, b
		}
		b.onHand, b.kept[c.order] = b.onHand+1, b.kept[c.order]-1
	case adjust:
		if b.onHand+c.quantity < b.reserved {
			return answer{err: inventory.ErrInsufficientStock.Error()}, b
		}
		b.onHand += c.quantity
		return answer{onHand: b.onHand, reserved: b.reserved}, b
	case look:
		return answer{onHand: b.onHand, reserved: b.reserved}, b
	}
	return answer{}, b
}

// model returns the checker's model of a SKU with that initial stock.
func model(pieces int64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return books{onHand: pieces} },
		Step: func(state, input, output any) (bool, any) {
			want, after := state.(books).step(input.(call))
			return output.(answer) == want, after
		},
	}
}

// shop is the SKU under test.
type shop struct {
	s   *inventory.Service
	sku string
	ids [orders]string
}

func (s *shop) do(ctx context.Context, c call) answer {
	var level inventory.Level
	var err error
	id, line := s.ids[c.order], inventory.Line{SKU: s.sku, Quantity: c.quantity}
	switch c.operation {
	case reserve:
		_, err = s.s.Reserve(ctx, inventory.Reservation{OrderID: id, Lines: []inventory.Line{line}, HoldFor: time.Hour})
	case commit:
		err = s.s.Commit(ctx, id)
	case release:
		err = s.s.Release(ctx, id)
	case giveBack:
		line.Quantity = 1
		err = s.s.Return(ctx, inventory.Return{ID: uuid.NewString(), OrderID: id, Lines: []inventory.Line{line}})
	case adjust:
		level, err = s.s.Adjust(ctx, inventory.Adjustment{SKU: s.sku, Delta: c.quantity, Reason: "count"})
	case look:
		var levels []inventory.Level
		if levels, err = s.s.Levels(ctx, []string{s.sku}); err == nil {
			level = levels[0]
		}
	}
	return answerOf(level, err)
}

func answerOf(level inventory.Level, err error) answer {
	var short *inventory.ShortageError
	if errors.As(err, &short) {
		return answer{err: "short", available: short.Shortages[0].Available}
	}
	for _, known := range []error{inventory.ErrReservationEnded, inventory.ErrNotSold, inventory.ErrInsufficientStock} {
		if errors.Is(err, known) {
			return answer{err: known.Error()}
		}
	}
	if err != nil {
		return answer{err: err.Error()} // any other error violates the model
	}
	return answer{onHand: level.OnHand, reserved: level.Reserved}
}

// calls generates the random calls of one client.
func calls(random *rand.Rand, n int) []call {
	list := make([]call, n)
	for i := range list {
		c := call{operation: random.IntN(operations), order: random.IntN(orders)}
		if random.IntN(3) == 0 {
			c.operation = reserve
		}
		c.quantity = int64(1 + c.order%3)
		if c.operation == adjust {
			c.quantity = []int64{-2, -1, 1, 2}[random.IntN(4)]
		}
		list[i] = c
	}
	return list
}

func TestOneSKUIsLinearizable(t *testing.T) {
	t.Parallel()
	pool := wide(t, 16)
	s := newService(pool)
	const clients, each, pieces = 12, 25, 10
	total := 0
	for seed := range uint64(rounds(t, 5)) {
		shop := &shop{s: s, sku: fmt.Sprintf("SKU-%d", seed)}
		for i := range shop.ids {
			shop.ids[i] = uuid.NewString()
		}
		stock(t, s, shop.sku, pieces)
		history := record(t.Context(), shop, seed, clients, each)
		total += len(history)
		if result := porcupine.CheckOperationsTimeout(model(pieces), history, 30*time.Second); result != porcupine.Ok {
			t.Errorf("seed %d: %s\n%s", seed, result, describeHistory(history))
		}
	}
	t.Logf("measured: %d operations of %d clients were checked", total, clients)
	assertBooks(t, pool)
	assertNoDeadlocks(t, pool)
}

// record runs the clients' calls concurrently, and returns all calls with their times and answers.
func record(ctx context.Context, shop *shop, seed uint64, clients, each int) []porcupine.Operation {
	began := time.Now()
	var mu sync.Mutex
	var history []porcupine.Operation
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			for _, c := range calls(rand.New(rand.NewPCG(seed, uint64(client))), each) {
				called := time.Since(began)
				got := shop.do(ctx, c)
				returned := time.Since(began)
				mu.Lock()
				history = append(history, porcupine.Operation{
					ClientId: client, Input: c, Output: got, Call: int64(called), Return: int64(returned),
				})
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	return history
}

func describeHistory(history []porcupine.Operation) string {
	var text strings.Builder
	for _, o := range history {
		fmt.Fprintf(&text, "client %d, %d to %d: %+v = %+v\n", o.ClientId, o.Call, o.Return, o.Input, o.Output)
	}
	return text.String()
}

// The checker must detect overselling, otherwise the test would prove nothing.
func TestTheModelRefusesAnOversell(t *testing.T) {
	t.Parallel()
	sale := func(client, order int, got answer) []porcupine.Operation {
		at := int64(client)
		return []porcupine.Operation{
			{ClientId: client, Input: call{reserve, order, 1}, Output: got, Call: at, Return: at + 10},
			{ClientId: client, Input: call{look, 0, 0}, Output: answer{onHand: 1, reserved: 1}, Call: at + 20, Return: at + 30},
		}
	}
	for name, test := range map[string]struct {
		second answer
		want   bool
	}{
		"one of two has the last piece":       {answer{err: "short"}, true},
		"both have the last piece":            {answer{}, false},
		"refused although there is one piece": {answer{err: "short", available: 1}, false},
	} {
		history := append(sale(0, 0, answer{}), sale(1, 1, test.second)...)
		if got := porcupine.CheckOperations(model(1), history); got != test.want {
			t.Errorf("%s: linearizable = %v, want %v", name, got, test.want)
		}
	}
}
