package telemetry

import (
	"context"
	"slices"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// The keys of notes.
const (
	CustomerID = "customer_id"
	OrderID    = "order_id"
)

// ID is an identifier that each log line about a request shows.
type ID struct{ Key, Value string }

// notes are the facts about a request that become known while it is served.
type notes struct {
	mu  sync.Mutex
	ids []ID
}

type notesKey struct{}

// WithNotes returns ctx for a request. Each log line about the request shows the facts that Note has added to it until then.
func WithNotes(ctx context.Context) context.Context {
	return context.WithValue(ctx, notesKey{}, &notes{})
}

// Note adds a fact about the request of ctx, an ID, to its later log lines and to the present span. It must not be personal or
// secret.
func Note(ctx context.Context, key, id string) {
	if id == "" {
		return
	}
	trace.SpanFromContext(ctx).SetAttributes(attribute.String("souk."+key, id))
	n, ok := ctx.Value(notesKey{}).(*notes)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if i := slices.IndexFunc(n.ids, func(known ID) bool { return known.Key == key }); i >= 0 {
		n.ids[i].Value = id
		return
	}
	n.ids = append(n.ids, ID{key, id})
}

// IDs returns the trace of ctx and the facts about its request.
func IDs(ctx context.Context) []ID {
	if c := trace.SpanContextFromContext(ctx); c.IsValid() {
		return append([]ID{{"trace_id", c.TraceID().String()}}, noted(ctx)...)
	}
	return noted(ctx)
}

// noted returns the facts about the request of ctx.
func noted(ctx context.Context) []ID {
	n, ok := ctx.Value(notesKey{}).(*notes)
	if !ok {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.ids)
}
