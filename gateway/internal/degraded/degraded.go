// Package degraded counts answers in which a part was old or missing because the service that owns it was down or failing.
package degraded

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/time/rate"
	"google.golang.org/grpc/status"

	"souk/platform/rpc"
)

var counts = promauto.NewCounterVec(prometheus.CounterOpts{
	Name: "souk_degraded_answers_total", Help: "Answers with a part that was old or missing.",
}, []string{"part"})

// Part is a part of answers that may be old or missing.
type Part struct {
	name string
	// log limits the log to one line a second, because every answer is degraded while a service is down.
	log rate.Sometimes
}

// The parts of answers. Availability, Shipments, AuditEntries and Recommendations are omitted while their owner fails; of the others, the last
// good version is shown.
var (
	Product         = newPart("product")
	Products        = newPart("products")
	Categories      = newPart("categories")
	Suggestions     = newPart("suggestions")
	Variants        = newPart("variants")
	Keys            = newPart("keys")
	Availability    = newPart("availability")
	Shipments       = newPart("shipments")
	AuditEntries    = newPart("audit entries")
	Recommendations = newPart("recommendations")
)

func newPart(name string) *Part {
	counts.WithLabelValues(name) // so that the counter is listed from the start
	return &Part{name: name, log: rate.Sometimes{Interval: time.Second}}
}

// Report counts an answer in which the part is old or missing because of err.
func (p *Part) Report(ctx context.Context, logger *slog.Logger, err error) {
	counts.WithLabelValues(p.name).Inc()
	p.log.Do(func() {
		logger.WarnContext(ctx, "degraded answer", "part", p.name, "code", status.Code(err).String(),
			"reason", rpc.Reason(err), "request_id", rpc.RequestID(ctx))
	})
}
