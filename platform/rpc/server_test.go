package rpc_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/rpc"
)

func TestAPanicIsAnInternalErrorAndTheServerContinues(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	for name, way := range ways {
		s.does(func(context.Context) error { panic("secret text") })
		s.log.take()
		err := way(rpc.WithRequestID(t.Context(), "req-1"), conn)
		if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "secret") || strings.Contains(err.Error(), "goroutine") {
			t.Errorf("%s: %v, want %v without the text", name, err, codes.Internal)
		}
		log := s.log.take()
		for _, want := range []string{"secret text", "server_test.go", "req-1", `"level":"ERROR"`} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log does not say %s: %s", name, want, log)
			}
		}
		s.does(func(context.Context) error { return nil })
		if err := call(t.Context(), conn); err != nil {
			t.Errorf("%s: after it: %v", name, err)
		}
	}
}

func TestEveryCallIsLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	for code, work := range map[string]func(context.Context) error{
		"OK":       func(context.Context) error { return nil },
		"NotFound": func(context.Context) error { return status.Error(codes.NotFound, "no") },
		"Internal": func(context.Context) error { panic("x") },
	} {
		s.does(work)
		s.log.take()
		_ = call(rpc.WithRequestID(t.Context(), "req-"+code), conn)
		var line struct {
			Method    string
			Code      string
			Took      int64
			RequestID string `json:"request_id"`
		}
		if err := json.Unmarshal([]byte(s.log.take()), &line); err != nil {
			t.Fatal(err)
		}
		if line.Method != "/souk.access.v1.KeysService/ListKeys" || line.Code != code || line.RequestID != "req-"+code || line.Took <= 0 {
			t.Errorf("%+v", line)
		}
	}
}
