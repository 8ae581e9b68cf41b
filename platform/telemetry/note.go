package telemetry

import (
	"context"
	"log/slog"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"
)

// The keys of notes.
const (
	CustomerID = "customer_id"
	OrderID    = "order_id"
)

// notes are the facts about a request that become known while it is served.
type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
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
	for i := range n.attrs {
		if n.attrs[i].Key == key {
			n.attrs[i] = slog.String(key, id)
			return
		}
	}
	n.attrs = append(n.attrs, slog.String(key, id))
}

// noted returns the facts about the request of ctx.
func noted(ctx context.Context) []slog.Attr {
	n, ok := ctx.Value(notesKey{}).(*notes)
	if !ok {
		return nil
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return append([]slog.Attr(nil), n.attrs...)
}
