package telemetry

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
)

// span is a span as Jaeger tells it.
type span struct {
	ID, Parent    string
	Service, Name string
	// Links are the traces that the span is linked to.
	Links []string
}

func (s span) String() string { return s.Service + ": " + s.Name }

// newTrace returns the ID of a new trace, and the header with which a client begins it.
func newTrace() (id string, header [2]string) {
	trace, parent := make([]byte, 16), make([]byte, 8)
	_, _ = rand.Read(trace) // never fails (crypto/rand)
	_, _ = rand.Read(parent)
	id = hex.EncodeToString(trace)
	return id, [2]string{"Traceparent", "00-" + id + "-" + hex.EncodeToString(parent) + "-01"}
}

// page is an answer of Jaeger's API.
type page struct {
	Data []struct {
		Processes map[string]struct{ ServiceName string }
		Spans     []struct {
			SpanID, OperationName, ProcessID string
			References                       []struct{ RefType, TraceID, SpanID string }
		}
	}
}

// spansOf returns the spans of a trace that Jaeger has.
func (o *observed) spansOf(ctx context.Context, trace string) ([]span, error) {
	content, err := get(ctx, "http://"+o.JaegerAddr()+"/api/traces/"+trace)
	if err != nil {
		return nil, err
	}
	var p page
	if err := json.Unmarshal(content, &p); err != nil || len(p.Data) != 1 {
		return nil, errors.Join(err, fmt.Errorf("%d traces", len(p.Data)))
	}
	var spans []span
	for _, s := range p.Data[0].Spans {
		one := span{ID: s.SpanID, Service: p.Data[0].Processes[s.ProcessID].ServiceName, Name: s.OperationName}
		for _, r := range s.References {
			if r.RefType == "CHILD_OF" {
				one.Parent = r.SpanID
			} else {
				one.Links = append(one.Links, r.TraceID)
			}
		}
		spans = append(spans, one)
	}
	return spans, nil
}

// lacks returns which of the wanted spans is missing, or is not below the gateway's.
func lacks(spans []span, wanted ...string) error {
	for _, name := range wanted {
		if !below(spans, name) {
			return fmt.Errorf("no span %q below the request", name)
		}
	}
	return nil
}

// orphans returns the spans whose parent is not in the trace, besides the first one of the gateway, whose parent is the client's.
func orphans(spans []span) (all []span) {
	for _, s := range spans {
		hasParent := slices.ContainsFunc(spans, func(other span) bool { return other.ID == s.Parent })
		if !hasParent && s.Service != "gateway" {
			all = append(all, s)
		}
	}
	return all
}

// below reports whether the span named name is a descendant of the gateway's span of the request.
func below(spans []span, name string) bool {
	byID := map[string]span{}
	for _, s := range spans {
		byID[s.ID] = s
	}
	for _, s := range spans {
		if s.String() != name {
			continue
		}
		at := s
		for known := true; known; {
			if at.Service == "gateway" {
				return true
			}
			at, known = byID[at.Parent]
		}
	}
	return false
}

func get(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	return read(http.DefaultClient.Do(req))
}

// logSpans writes the spans of a trace to the test's log, because a failure is hard to read without.
func logSpans(t *testing.T, spans []span) {
	t.Helper()
	for _, s := range spans {
		t.Logf("%s < %s %s", s.ID, s.Parent, s)
	}
}
