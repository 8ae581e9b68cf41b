package degraded

import (
	"bytes"
	"log/slog"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc/codes"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/rpc"
	"souk/testkit/scrape"
)

// The part of the other test.
const testPart = "test"

func TestTheREADMENamesEveryPart(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	metrics, err := scrape.Own()
	if err != nil {
		t.Fatal(err)
	}
	for _, metric := range metrics["souk_degraded_answers_total"].GetMetric() {
		part := metric.GetLabel()[0].GetValue()
		if part != testPart && !strings.Contains(string(text), "`"+part+"`") {
			t.Errorf("README.md does not name the part %q", part)
		}
	}
}

func TestDegradedAnswersAreAllCountedAndLoggedOncePerSecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var logged bytes.Buffer
		logger := slog.New(slog.NewTextHandler(&logged, nil))
		part := newPart(testPart)
		for range 30 {
			part.Report(t.Context(), logger, rpc.Error(codes.Unavailable, ordersv1.ErrorReason_ERROR_REASON_UNAVAILABLE, "of whom nobody should know"))
			time.Sleep(100 * time.Millisecond)
		}
		if got := testutil.ToFloat64(counts.WithLabelValues(testPart)); got != 30 {
			t.Errorf("counted %v of 30", got)
		}
		lines := strings.Split(strings.TrimSpace(logged.String()), "\n")
		if len(lines) != 3 || !strings.Contains(lines[0], "part=test code=Unavailable reason=UNAVAILABLE") || strings.Contains(logged.String(), "nobody") {
			t.Errorf("logged in 3 s:\n%s", logged.String())
		}
	})
}
