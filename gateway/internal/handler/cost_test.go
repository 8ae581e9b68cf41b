package handler_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"souk/gateway/internal/edge"
	"souk/platform/telemetry"
)

// BenchmarkKeptPage measures all that the gateway does for a product page that it has kept, without the connection.
func BenchmarkKeptPage(b *testing.B) {
	s, _, _ := told(b)
	sell(s, mug())
	stock(s, map[string]int64{"MUG-S": 100, "MUG-L": 4})
	logger := slog.New(telemetry.LogHandler{Handler: slog.NewJSONHandler(io.Discard, nil)})
	root, err := edge.Compress(edge.Origins{}.Protect(s.router, logger))
	if err != nil {
		b.Fatal(err)
	}
	page := edge.Wrap(edge.Origins{}.Allow(root, s.router.Public), logger, edge.NewRequestLog(io.Discard, slog.LevelInfo))
	r := httptest.NewRequestWithContext(b.Context(), http.MethodGet, "/v1/products/mug", nil)
	b.ReportAllocs()
	for b.Loop() {
		page.ServeHTTP(&drain{header: http.Header{}}, r)
	}
}

// drain drops the body of an answer.
type drain struct{ header http.Header }

func (d *drain) Header() http.Header         { return d.header }
func (d *drain) WriteHeader(int)             {}
func (d *drain) Write(b []byte) (int, error) { return len(b), nil }
