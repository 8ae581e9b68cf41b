package rpc

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"souk/platform/security"
	"souk/platform/telemetry"
)

// orderRequest is a request that names an order.
type orderRequest string

func (r orderRequest) GetOrderId() string { return string(r) }

func TestOnlyAnIDOfAnOrderIsNoted(t *testing.T) {
	t.Parallel()
	const id = "0198a000-0000-7000-8000-00000000000c"
	for given, want := range map[string]string{
		id: id, strings.ToUpper(id): id, "": "", "canary": "", id + "\n": "", "{" + id + "}": "", strings.Repeat("a", 1<<20): "",
	} {
		var log bytes.Buffer
		logger := slog.New(telemetry.LogHandler{Handler: slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug})})
		answer := answerUnary(logger, security.New(logger))
		next := func(context.Context, any) (any, error) { return nil, nil }
		if _, err := answer(t.Context(), orderRequest(given), &grpc.UnaryServerInfo{FullMethod: "/test/Note"}, next); err != nil {
			t.Fatal(err)
		}
		_, noted, _ := strings.Cut(strings.TrimSpace(log.String()), telemetry.OrderID+"=")
		if noted != want {
			t.Errorf("order %.50q is noted as %.50q, want %q", given, noted, want)
		}
	}
}
