// Package mend is responsible for a shop whose databases were restored from dumps of different moments. It audits the shop and lists the
// orders about which the services do not agree. Then it has orders make the other services agree with each of these orders. If that is not
// possible, a person has to decide, and the list says what to do.
package mend

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/deploy/audit"
	"souk/platform/rpc"
)

// rounds is how often orders are mended. An order may need what another one gives back, and one that was in progress may need more once it
// has come to an end.
const rounds = 4

const (
	// How long orders in progress are waited for in a round, because nothing can be said of them. They are mended in the next round, because
	// what they wait for may be something that was forgotten.
	settleWithin = 10 * time.Second
	settleEvery  = time.Second
)

// Config contains the shop and the options.
type Config struct {
	audit.Config
	// Apply mends. Without it, nothing is changed.
	Apply bool
}

// shop is the shop as it is audited and mended.
type shop interface {
	Audit(ctx context.Context) (*audit.Report, error)
	Mend(ctx context.Context, orderID string) error
}

// Run lists what does not agree and, if it is to be applied, mends it. An error means that the shop could not be read.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	cfg.Identity = audit.Mender
	connected, err := audit.Connect(ctx, cfg.Config)
	if err != nil {
		return nil, err
	}
	defer connected.Close()
	return run(ctx, connected, cfg)
}

func run(ctx context.Context, s shop, cfg Config) (*Report, error) {
	found, err := s.Audit(ctx)
	if err != nil {
		return nil, err
	}
	report := &Report{Applied: cfg.Apply, Found: casesOf(found), Left: casesOf(found), InProgress: found.InProgress}
	if !cfg.Apply {
		return report, nil
	}
	return report, apply(ctx, s, cfg, report)
}

// apply mends the orders in rounds. It stops when the services agree about all orders, or when a round has changed nothing.
func apply(ctx context.Context, s shop, cfg Config, report *Report) error {
	for round := 1; round <= rounds && len(report.Left)+len(report.InProgress) > 0; round++ {
		refusals, err := mendAll(ctx, s, report.orders(), cfg.Progress)
		if err != nil {
			return err
		}
		after, err := settled(ctx, s)
		if err != nil {
			return err
		}
		before := report.Left
		report.Left, report.InProgress = casesOf(after), after.InProgress
		for i, c := range report.Left {
			report.Left[i].Refusal = refusals[c.ID]
		}
		if round > 1 && len(report.InProgress) == 0 && equal(before, report.Left) {
			break
		}
	}
	return nil
}

// settled audits the shop until no order is in progress.
func settled(ctx context.Context, s shop) (*audit.Report, error) {
	start := time.Now()
	for {
		report, err := s.Audit(ctx)
		if err != nil || len(report.InProgress) == 0 || time.Since(start) >= settleWithin {
			return report, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(settleEvery):
		}
	}
}

// mendAll mends orders, and returns why some were not mended, by ID. An order that cannot be mended stops no other.
func mendAll(ctx context.Context, s shop, orders []string, tell func(string)) (map[string]string, error) {
	refusals := map[string]string{}
	for _, id := range orders {
		err := s.Mend(ctx, id)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			refusals[id] = refusalOf(err)
		}
		if tell != nil {
			tell(fmt.Sprintf("order %s: %s", id, outcome(err)))
		}
	}
	return refusals, nil
}

func refusalOf(err error) string {
	if rpc.HasReason(err, ordersv1.ErrorReason_ERROR_REASON_NOT_MENDABLE) {
		return status.Convert(err).Message()
	}
	return "it could not be mended: " + err.Error()
}

func outcome(err error) string {
	if err != nil {
		return refusalOf(err)
	}
	return "orders has carried out again what was missing"
}

// casesOf returns what an audit found, by the thing that it was found about.
func casesOf(report *audit.Report) []Case {
	byID := map[string]*Case{}
	for _, check := range report.Checks {
		for id, problem := range check.Problems {
			if byID[id] == nil {
				byID[id] = &Case{ID: id, Order: check.What != "SKUs"}
			}
			byID[id].Problems = append(byID[id].Problems, Problem{Check: check.Name, Text: problem})
		}
	}
	cases := make([]Case, 0, len(byID))
	for _, id := range slices.Sorted(maps.Keys(byID)) {
		cases = append(cases, *byID[id])
	}
	return cases
}

// equal reports whether the same problems are left as before.
func equal(before, after []Case) bool {
	return slices.EqualFunc(before, after, func(a, b Case) bool { return a.ID == b.ID && slices.Equal(a.Problems, b.Problems) })
}
