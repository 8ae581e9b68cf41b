package mongodb

import (
	"context"
	"sync"

	"go.mongodb.org/mongo-driver/v2/event"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"souk/platform/telemetry"
)

// tracedCommands are the commands that work with documents. Others, such as hello and ping, belong to no request.
var tracedCommands = map[string]bool{
	"find": true, "insert": true, "update": true, "delete": true, "findAndModify": true, "aggregate": true, "count": true, "distinct": true, "getMore": true,
}

// newMonitor returns the hooks that trace commands, or nil if this process does not trace. The documents and filters of a command
// are not recorded, because they contain data of customers.
func newMonitor() *event.CommandMonitor {
	if !telemetry.On() {
		return nil
	}
	var spans sync.Map // from the command's ID to its span
	end := func(id int64, failed bool) {
		span, ok := spans.LoadAndDelete(id)
		if !ok {
			return
		}
		if failed {
			span.(trace.Span).SetStatus(codes.Error, "")
		}
		span.(trace.Span).End()
	}
	return &event.CommandMonitor{
		Started: func(ctx context.Context, e *event.CommandStartedEvent) {
			if !tracedCommands[e.CommandName] || !trace.SpanFromContext(ctx).IsRecording() {
				return
			}
			name, attributes := describe(e.CommandName, collectionOf(e))
			_, span := telemetry.Tracer().Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
			spans.Store(e.RequestID, span)
		},
		Succeeded: func(_ context.Context, e *event.CommandSucceededEvent) { end(e.RequestID, false) },
		Failed:    func(_ context.Context, e *event.CommandFailedEvent) { end(e.RequestID, true) },
	}
}

// collectionOf returns the collection that a command works with. It is the value of the command, but for getMore, whose value is the
// ID of a cursor. A command that works with the whole database has no collection.
func collectionOf(e *event.CommandStartedEvent) string {
	key := e.CommandName
	if key == "getMore" {
		key = "collection"
	}
	collection, _ := e.Command.Lookup(key).StringValueOK()
	return collection
}

// describe returns the name and the attributes of the span of a command.
func describe(command, collection string) (name string, attributes []attribute.KeyValue) {
	attributes = []attribute.KeyValue{attribute.String("db.system.name", "mongodb"), attribute.String("db.operation.name", command)}
	if collection == "" {
		return command, attributes
	}
	return command + " " + collection, append(attributes, attribute.String("db.collection.name", collection))
}
