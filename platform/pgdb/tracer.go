package pgdb

import (
	"context"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/exaring/otelpgx"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/multitracer"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.opentelemetry.io/otel/metric/noop"

	"souk/platform/telemetry"
)

var queryTime = promauto.NewHistogramVec(prometheus.HistogramOpts{
	Name: "souk_db_query_duration_seconds", Help: "Time of SQL statements, by verb and table.",
	Buckets: []float64{0.001, 0.005, 0.02, 0.1, 0.5, 2.5, 10},
}, []string{"query"})

// newTracer returns the hooks that measure each statement, and trace it if this process traces.
func newTracer() pgx.QueryTracer {
	if !telemetry.On() {
		return &measurer{}
	}
	spans := otelpgx.NewTracer(
		otelpgx.WithSpanNameFunc(names.of), otelpgx.WithDisableConnectionDetailsInAttributes(),
		otelpgx.WithMeterProvider(noop.NewMeterProvider()), otelpgx.WithDisableAcquireTracer(),
	)
	return multitracer.New(spans, &measurer{})
}

// measurer measures statements. Its methods are hooks of pgx.
type measurer struct{}

type startKey struct{}

// start is a statement under way.
type start struct {
	at   time.Time
	name string
}

func (measurer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, startKey{}, start{time.Now(), names.of(data.SQL)})
}

func (measurer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	observe(ctx)
}

func (measurer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return context.WithValue(ctx, startKey{}, start{time.Now(), "batch"})
}

func (measurer) TraceBatchQuery(context.Context, *pgx.Conn, pgx.TraceBatchQueryData) {}

func (measurer) TraceBatchEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchEndData) {
	observe(ctx)
}

func (measurer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	return context.WithValue(ctx, startKey{}, start{time.Now(), "copy " + strings.Join(data.TableName, ".")})
}

func (measurer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceCopyFromEndData) {
	observe(ctx)
}

func observe(ctx context.Context) {
	if s, ok := ctx.Value(startKey{}).(start); ok {
		queryTime.WithLabelValues(s.name).Observe(time.Since(s.at).Seconds())
	}
}

// names are the short names of all statements of this process.
var names statementNames

// The greatest number of statements with a name. A service has about a hundred.
const mostNames = 1000

type statementNames struct {
	mu    sync.RWMutex
	known map[string]string
}

// of returns the short name of a statement, for example "SELECT orders".
func (n *statementNames) of(sql string) string {
	n.mu.RLock()
	name, ok := n.known[sql]
	n.mu.RUnlock()
	if ok {
		return name
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.known) >= mostNames {
		return "other"
	}
	if n.known == nil {
		n.known = map[string]string{}
	}
	name = shortName(sql)
	n.known[sql] = name
	return name
}

// clause finds the clauses of a statement that name a table. The first group is not empty for a clause that only looks like one, as in
// "FOR UPDATE", and the last one for a function, as in "FROM unnest(".
var clause = regexp.MustCompile(`(?i)\b(?:(FOR|KEY|DO)\s+)?(INSERT INTO|UPDATE|DELETE FROM|FROM|JOIN)\s+(?:ONLY\s+)?"?([a-z_][a-z0-9_]*)"?(\()?`)

// shortName returns the verb and the table of the first clause that changes something, or else of the first clause that reads a table.
// Statements without a table have only the verb, for example "BEGIN".
func shortName(sql string) string {
	read := ""
	for _, found := range clause.FindAllStringSubmatch(sql, -1) {
		verb, _, _ := strings.Cut(strings.ToUpper(found[2]), " ")
		reads, table := verb == "FROM" || verb == "JOIN", strings.ToLower(found[3])
		switch {
		case found[1] != "" || reads && found[4] != "":
		case !reads:
			return verb + " " + table
		case read == "":
			read = "SELECT " + table
		}
	}
	words := strings.Fields(sql)
	switch {
	case read != "":
		return read
	case len(words) == 0:
		return "empty"
	default:
		return strings.ToUpper(words[0])
	}
}
