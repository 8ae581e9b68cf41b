package security_test

import (
	"context"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"souk/platform/security"
	"souk/testkit/scrape"
	"souk/testkit/securitytest"
)

func TestAnEventSaysWhoDidWhatToWhom(t *testing.T) {
	t.Parallel()
	ctx, events := securitytest.Record(t.Context(), t)
	ctx = security.WithActor(ctx, security.Actor{Customer: "c1", Staff: true, Service: "gateway", Address: "192.0.2.1/32"})
	security.Log(ctx, security.StockAdjusted, "SKU-1", slog.Int64("delta", -2))
	event := events.Expect(t, security.StockAdjusted, "SKU-1")
	if event.Actor.Customer != "c1" || !event.Actor.Staff || event.Actor.Service != "gateway" || event.Actor.Address != "192.0.2.1/32" || event.RequestID != "test" {
		t.Errorf("%+v", event)
	}
	for _, want := range []string{`"level":"INFO"`, `"log":"security"`, `"delta":-2`} {
		if !strings.Contains(event.Line, want) {
			t.Errorf("%s is not in %s", want, event.Line)
		}
	}
}

func TestEventsAreWrittenWhateverTheLogLevel(t *testing.T) {
	t.Parallel()
	events := &securitytest.Events{}
	journal := security.New(slog.New(slog.NewJSONHandler(events, &slog.HandlerOptions{Level: slog.LevelError})))
	security.Log(security.With(t.Context(), journal, ""), security.SignedOut, "c1")
	events.Expect(t, security.SignedOut, "c1")
}

// failedSignIns returns the failed sign-ins that a metric has counted.
func failedSignIns(t *testing.T, metric string) int64 {
	t.Helper()
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	return int64(metrics.Sum(metric, "event", string(security.SignInFailed)))
}

// Not parallel, because the counters are global to the process.
func TestAFloodOfOneKindIsCountedAndSummedUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const flood = 10_000
		before, hidden := failedSignIns(t, "souk_security_events_total"), failedSignIns(t, "souk_security_events_without_line_total")
		ctx, events := securitytest.Record(context.Background(), t)
		start := time.Now()
		for range flood {
			security.Log(ctx, security.SignInFailed, "c1")
			time.Sleep(time.Millisecond)
		}
		// The limit of one kind does not affect another.
		security.Log(ctx, security.RoleGranted, "c2")
		events.Expect(t, security.RoleGranted, "c2")
		took := time.Since(start)
		time.Sleep(time.Minute)
		var lines, sums int
		for _, event := range events.Of(t, security.SignInFailed) {
			if strings.Contains(event.Line, `"count":`) {
				sums++
				continue
			}
			lines++
		}
		if most := 50 + int(took.Seconds())*10; lines < 50 || lines > most {
			t.Errorf("%d lines in %v, want at most %d", lines, took, most)
		}
		if sums == 0 || sums > 2 {
			t.Errorf("%d sums of what got no line", sums)
		}
		if n := failedSignIns(t, "souk_security_events_total") - before; n != flood {
			t.Errorf("%d of %d are counted", n, flood)
		}
		if n := failedSignIns(t, "souk_security_events_without_line_total") - hidden; n != int64(flood-lines) {
			t.Errorf("%d are counted as without a line, want %d", n, flood-lines)
		}
		t.Logf("measured: %d events in %v: %d lines and %d sums", flood, took, lines, sums)
	})
}

func TestAPseudonymTellsNothingOfTheText(t *testing.T) {
	t.Parallel()
	a, again, b := security.Pseudonym("hunter2"), security.Pseudonym("hunter2"), security.Pseudonym("hunter3")
	if a != again || a == b || strings.Contains(a, "hunter") || !regexp.MustCompile(`^unknown:[0-9a-f]{16}$`).MatchString(a) {
		t.Errorf("%q, %q, %q", a, again, b)
	}
}

func TestNoKindStandsTwice(t *testing.T) {
	t.Parallel()
	kinds := security.Kinds()
	slices.Sort(kinds)
	if len(slices.Compact(slices.Clone(kinds))) != len(kinds) {
		t.Errorf("%q", kinds)
	}
}
