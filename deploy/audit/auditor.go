package audit

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	inventoryv1 "souk/proto/gen/souk/inventory/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	paymentsv1 "souk/proto/gen/souk/payments/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"
)

const (
	// How often a difference is checked again within the patience.
	looks = 5
	// An order that changed between this many checks is left out.
	mostChanges = 10
	// How often progress is reported.
	tellEvery = 5 * time.Second
)

// auditor runs one audit. It stores only the ID of each order, so that it can process many.
type auditor struct {
	*services
	withProvider bool
	patience     time.Duration
	tell         func(string)
	told         time.Time

	rules  []rule[facts]
	checks []*Check
	report *Report
	// known contains the listed orders.
	known map[string]bool
	// suspects are the orders to check again, by ID.
	suspects map[string]suspect
}

// suspect is an order with a difference, or one that has not been checked yet.
type suspect struct {
	seen bool
	// changedAt is the version of the order with the difference, since the time at which it was first seen.
	changedAt, since time.Time
	changes          int
}

func newAuditor(services *services, cfg Config) *auditor {
	rules := rulesOfOrders(cfg.WithProvider)
	a := &auditor{
		services: services, withProvider: cfg.WithProvider, patience: cmp.Or(cfg.Patience, defaultPatience),
		tell: cfg.Progress, told: time.Now(),
		rules: rules, checks: checks(rules), report: &Report{},
		known: map[string]bool{}, suspects: map[string]suspect{},
	}
	if a.tell == nil {
		a.tell = func(string) {}
	}
	return a
}

// progress reports the progress from time to time.
func (a *auditor) progress(format string, args ...any) {
	if time.Since(a.told) >= tellEvery {
		a.told = time.Now()
		a.tell(fmt.Sprintf(format, args...))
	}
}

// pause waits until the next check.
func (a *auditor) pause(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(a.patience / looks):
		return nil
	}
}

// stock checks every SKU, repeatedly until there is no difference or it has lasted for the patience.
func (a *auditor) stock(ctx context.Context) error {
	start := time.Now()
	for {
		list, wrong := checks(stockRules), false
		err := a.eachStock(ctx, func(s *inventoryv1.Stock) {
			findings := judge(stockRules, s)
			enter(list, s.GetLevel().GetSku(), findings)
			wrong = wrong || broken(findings)
			a.progress("%d SKUs read", list[0].Looked)
		})
		if err != nil {
			return err
		}
		if !wrong || time.Since(start) >= a.patience {
			a.report.Checks = list
			return nil
		}
		if err := a.pause(ctx); err != nil {
			return err
		}
	}
}

// orders compares every order with the other services, a page at a time. Orders with differences become suspects.
func (a *auditor) orders(ctx context.Context) error {
	return a.eachPage(ctx, func(page []*ordersv1.Order) error {
		orders := make(map[string]*ordersv1.Order, len(page))
		for _, order := range page {
			orders[order.GetId()] = order
			a.known[order.GetId()] = true
		}
		all, err := a.facts(ctx, slices.Collect(maps.Keys(orders)), orders, a.withProvider)
		if err != nil {
			return err
		}
		for _, f := range all {
			findings := judge(a.rules, f)
			if broken(findings) {
				a.suspects[f.orderID] = suspect{seen: true, changedAt: f.changedAt(), since: f.at}
				continue
			}
			a.enter(f, findings)
		}
		a.progress("%d orders read", len(a.known))
		return nil
	})
}

// strays makes suspects of orders that were not listed but that other services know. They are new or do not exist.
func (a *auditor) strays(ctx context.Context) error {
	read := 0
	stray := func(orderID string, matters bool) {
		if matters && !a.known[orderID] {
			a.suspects[orderID] = suspect{}
		}
		read++
		a.progress("%d reservations, payments and parcels read", read)
	}
	err := a.eachReservation(ctx, nil, func(r *inventoryv1.Reservation) {
		status := r.GetStatus()
		stray(r.GetOrderId(), status == inventoryv1.Reservation_STATUS_HELD || status == inventoryv1.Reservation_STATUS_COMMITTED)
	})
	if err != nil {
		return err
	}
	err = a.eachPayment(ctx, nil, false, func(b *paymentsv1.Books) { stray(b.GetPayment().GetOrderId(), true) })
	if err != nil {
		return err
	}
	return a.eachParcel(ctx, func(p *shippingv1.Parcel) { stray(p.GetOrderId(), true) })
}

// settle checks the suspects again until each agrees or its difference has lasted for the patience.
func (a *auditor) settle(ctx context.Context) error {
	for len(a.suspects) > 0 {
		if err := a.pause(ctx); err != nil {
			return err
		}
		for ids := range slices.Chunk(slices.Sorted(maps.Keys(a.suspects)), batch) {
			orders, err := a.find(ctx, ids)
			if err != nil {
				return err
			}
			all, err := a.facts(ctx, ids, orders, a.withProvider)
			if err != nil {
				return err
			}
			for _, f := range all {
				a.lookAgain(f)
			}
			a.progress("%d orders are looked at again", len(a.suspects))
		}
	}
	return nil
}

// lookAgain decides about a suspect. If the order is the same as at the last check, the other services' data, read in between,
// belongs to this version of the order.
func (a *auditor) lookAgain(f facts) {
	findings := judge(a.rules, f)
	s := a.suspects[f.orderID]
	switch {
	case !broken(findings):
		a.enter(f, findings)
	case s.changes == mostChanges:
		a.report.Changing++
		delete(a.suspects, f.orderID)
	case !s.seen || !s.changedAt.Equal(f.changedAt()):
		a.suspects[f.orderID] = suspect{seen: true, changedAt: f.changedAt(), since: f.at, changes: s.changes + 1}
	case f.at.Sub(s.since) >= a.patience:
		a.enter(f, findings)
	}
}

// enter adds the findings about an order to the checks.
func (a *auditor) enter(f facts, findings map[int]finding) {
	delete(a.suspects, f.orderID)
	enter(a.checks, f.orderID, findings)
	switch {
	case f.order == nil:
	case f.underWay():
		a.report.InProgress = append(a.report.InProgress, f.orderID)
	default:
		a.report.Compared++
	}
}
