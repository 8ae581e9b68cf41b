package watch

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"souk/deploy/audit"
)

// page returns the lines of the metrics whose names begin with souk_.
func page(t *testing.T, m *metrics) string {
	t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
	promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}).ServeHTTP(recorder, request)
	if recorder.Code != http.StatusOK {
		t.Fatalf("%d: %s", recorder.Code, recorder.Body)
	}
	var lines strings.Builder
	for line := range strings.Lines(recorder.Body.String()) {
		if strings.HasPrefix(line, "souk_") {
			lines.WriteString(line)
		}
	}
	return lines.String()
}

func TestTheResultOfTheLastAuditIsShown(t *testing.T) {
	t.Parallel()
	m := newMetrics([]string{t.TempDir()})
	if text := page(t, m); strings.Contains(text, "souk_audit_violations") || !strings.Contains(text, "souk_audit_last_success_timestamp_seconds 0\n") {
		t.Errorf("before the first audit:\n%s", text)
	}
	report := func(lost, twice int) *audit.Report {
		return &audit.Report{Checks: []*audit.Check{{Name: "none is lost", Broken: lost}, {Name: "none is sold twice", Broken: twice}}}
	}
	const lost, twice = `souk_audit_violations{check="none is lost"} `, `souk_audit_violations{check="none is sold twice"} `
	m.show(report(3, 0), nil)
	if text := page(t, m); !strings.Contains(text, lost+"3\n") || !strings.Contains(text, twice+"0\n") || strings.Contains(text, "success_timestamp_seconds 0\n") {
		t.Errorf("after three differences:\n%s", text)
	}
	m.show(nil, errors.New("no orders"))
	if text := page(t, m); !strings.Contains(text, lost+"3\n") {
		t.Errorf("after an audit that read nothing:\n%s", text)
	}
	m.show(report(0, 0), nil)
	if text := page(t, m); !strings.Contains(text, lost+"0\n") {
		t.Errorf("after no difference:\n%s", text)
	}
}

func TestTheFreeSpaceOfEachDiskIsShown(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := page(t, newMetrics([]string{dir}))
	for _, name := range []string{"souk_disk_size_bytes", "souk_disk_free_bytes"} {
		if !strings.Contains(text, name+`{path="`+dir+`"} `) {
			t.Errorf("there is no %s:\n%s", name, text)
		}
	}
}

func TestAnAuditThatFailsIsFollowedByTheNext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var at []time.Duration
		start := time.Now()
		w := &watcher{Config: Config{Every: time.Minute}, metrics: newMetrics(nil), logger: slog.New(slog.NewTextHandler(io.Discard, nil))}
		w.audit = func(context.Context) (*audit.Report, error) {
			if at = append(at, time.Since(start)); len(at) == 3 {
				cancel()
			}
			return nil, errors.New("the shop is down")
		}
		w.repeat(ctx)
		if len(at) != 3 || at[2] != 2*time.Minute {
			t.Errorf("audits at %v, want three, a minute apart", at)
		}
	})
}
