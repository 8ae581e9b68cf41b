// Package mend is responsible for making the other services agree with orders after a database was restored from a dump. The dumps of the
// services are of different moments, so that some services have forgotten what the others know.
//
// Orders owns the decisions. What it has decided is carried out again where it is missing. Each call takes effect once for its order, so
// that a call for what is not missing changes nothing. What only the others know follows from their side: a parcel that has left was
// dispatched, stock that was released was given up, and what is held for an ID that is no order is given back.
package mend

import (
	"context"
	"errors"
	"fmt"

	"souk/platform/field"

	"souk/services/orders/internal/order"
	"souk/services/orders/internal/saga"
	"souk/services/orders/internal/settlement"
)

// attempts is how often an order is mended while others change it at the same time.
const attempts = 4

// Mender makes the other services agree with orders.
type Mender struct {
	store order.Repository
	peers Peers
	saga  *saga.Saga
	money *settlement.Settlement
}

// New returns a mender.
func New(store order.Repository, peers Peers, runs *saga.Saga, money *settlement.Settlement) *Mender {
	return &Mender{store: store, peers: peers, saga: runs, money: money}
}

// MendOrder makes the other services agree with an order, or give back what they hold for an ID that is no order. An order about which they
// agree stays as it is. It returns ErrNotMendable, or a *field.Error.
func (m *Mender) MendOrder(ctx context.Context, staffID, id string) error {
	var check field.Checker
	id = check.CheckID("id", id)
	if err := check.Err(); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		err := m.mend(ctx, staffID, id)
		if !errors.Is(err, order.ErrConflict) || attempt == attempts {
			return err
		}
	}
}

func (m *Mender) mend(ctx context.Context, staffID, id string) error {
	o, err := m.store.Get(ctx, id)
	if errors.Is(err, order.ErrNotFound) {
		return m.giveBack(ctx, id)
	}
	if err != nil {
		return fmt.Errorf("mend order: %w", err)
	}
	o = o.By(staffID)
	switch {
	case o.Status() == order.StatusPending || o.Intent() == order.IntentCancel:
		// The saga calls every service for such an order.
	case o.Status() == order.StatusRejected || o.Status() == order.StatusCancelled:
		err = m.giveUp(ctx, o)
	default:
		err = m.uphold(ctx, o)
	}
	if err != nil {
		return err
	}
	return m.saga.Advance(ctx, id)
}

// save saves an order with the note that it was mended.
func (m *Mender) save(ctx context.Context, o order.Order) error {
	o.NoteMended()
	_, err := m.store.Save(ctx, o)
	return err
}

// adopt brings an order to what payments knows of its payment, whatever the order knew.
func (m *Mender) adopt(ctx context.Context, o *order.Order) error {
	told, err := m.peers.Payments.Payments(ctx, []string{o.ID()})
	if err != nil {
		return fmt.Errorf("read payment: %w", err)
	}
	for _, news := range told {
		if err := o.AdoptPayment(news); err != nil {
			return err
		}
	}
	return nil
}
