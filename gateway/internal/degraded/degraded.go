// Package degraded is responsible for telling how often a part of an answer was old or missing, because the service that
// owns it was unwell.
package degraded

import (
	"context"
	"expvar"
	"log/slog"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/status"

	"souk/platform/rpc"
)

var counts = expvar.NewMap("degraded")

// Part is what may be old or missing.
type Part struct {
	name string
	// log lets one answer a second into the log: while a service is away it is every answer.
	log rate.Sometimes
}

// The parts that answers are composed of. Availability and Shipments are left out of an answer; the others are the last
// known good.
var (
	Product      = newPart("product")
	Products     = newPart("products")
	Categories   = newPart("categories")
	Variants     = newPart("variants")
	Keys         = newPart("keys")
	Availability = newPart("availability")
	Shipments    = newPart("shipments")
)

func newPart(name string) *Part {
	counts.Add(name, 0) // so that it is shown before it happens
	return &Part{name: name, log: rate.Sometimes{Interval: time.Second}}
}

// Report counts an answer whose part is old or missing because of err.
func (p *Part) Report(ctx context.Context, logger *slog.Logger, err error) {
	counts.Add(p.name, 1)
	p.log.Do(func() {
		logger.WarnContext(ctx, "degraded answer", "part", p.name, "code", status.Code(err).String(),
			"reason", rpc.Reason(err), "request_id", rpc.RequestID(ctx))
	})
}
