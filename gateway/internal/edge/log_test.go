package edge

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/gateway/internal/api"
	"souk/platform/access"
	"souk/platform/rpc"
)

// canary must not appear in a log. It stands for a password, a token or a name.
const canary = "canary-7f3a"

func TestTheLogContainsNoClientData(t *testing.T) {
	t.Parallel()
	address := &net.TCPAddr{IP: net.ParseIP("192.0.2.77"), Port: 1}
	for name, end := range map[string]func() error{
		"passes":          func() error { return NewProblem(passed, "passed", canary) },
		"fails inside":    func() error { return status.Error(codes.Internal, canary) },
		"has no mapping":  func() error { return fmt.Errorf("ask: %w", fromService(t, codes.DataLoss, "STRANGE", canary)) },
		"panics":          func() error { panic(canary) },
		"panics an error": func() error { panic(fmt.Errorf("read %s", canary)) },
		"loses its line": func() error {
			return &net.OpError{Op: "write", Net: canary, Addr: address, Err: errors.New("broken pipe")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKeys(t)
			var log, answered bytes.Buffer
			answers := NewRequestLog(&answered, slog.LevelDebug)
			logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
			redeem := func(_ context.Context, orderID, _ string) (string, error) {
				if orderID == canary {
					return "", rpc.Error(codes.NotFound, ordersv1.ErrorReason_ERROR_REASON_TICKET_NOT_FOUND, canary)
				}
				return "", status.Error(codes.Internal, canary)
			}
			router, err := NewRouter(nil, Options{Verifier: access.NewVerifier(k), Redeem: redeem, Logger: logger}, func(api.StrictHandlerFunc, string) api.StrictHandlerFunc {
				return func(context.Context, http.ResponseWriter, *http.Request, any) (any, error) { return nil, end() }
			})
			if err != nil {
				t.Fatal(err)
			}
			handler := Wrap(Origins{}.Protect(router, logger), logger, answers)
			requests := 0
			for _, op := range contract(t) {
				r := op.request(t, &edgeServer{staff: k.tokenOf(t, canary, time.Hour, access.RoleStaff)})
				r.path = strings.ReplaceAll(r.path, "some-id", canary)
				for _, query := range []string{"", "?q=" + canary, "?" + canary + "=%zz"} {
					one := r
					one.path += query
					serve(t, handler, one)
					requests++
				}
				r.header["Authorization"] = "Bearer " + canary
				r.header["Content-Type"] = "application/json"
				r.body = strings.NewReader(`{"email": "` + canary + `", "password": "` + canary + `"`)
				serve(t, handler, r)
				requests++
			}
			for _, path := range []string{"/" + canary, "/v1/sessions/" + canary, "/v1/products/%" + fmt.Sprintf("%x", canary[0]) + canary[1:]} {
				serve(t, handler, request{method: "DELETE", path: path, header: map[string]string{"Origin": "https://" + canary}})
				requests++
			}
			for _, order := range []string{canary, "another-" + canary} {
				serve(t, handler, request{method: "GET", path: "/v1/orders/" + order + "/events?ticket=" + canary})
				requests++
			}
			answers.Flush()
			// A line shows the ID of the customer on purpose. The canary is that, too.
			text := log.String() + strings.ReplaceAll(answered.String(), `"customer_id":"`+canary+`"`, "")
			if strings.Contains(text, canary) || strings.Contains(text, "192.0.2.77") {
				t.Errorf("the log says %s", text)
			}
			if lines := strings.Count(text, `"answered"`); lines != requests || !strings.Contains(text, `"route":"GET /v1/orders/{id}"`) {
				t.Errorf("%d requests have %d lines", requests, lines)
			}
		})
	}
}
