package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accessv1 "souk/proto/gen/souk/access/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/rpc"
)

// ways are the two ways to call the server; both answer errors alike.
var ways = map[string]func(context.Context, *grpc.ClientConn) error{"RPC": call, "stream": stream}

func TestAReasonCrossesTheWireWithItsDetails(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "orders")
	s.does(func(context.Context) error {
		return rpc.Error(codes.FailedPrecondition, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "no such cursor", &accessv1.Key{Id: "MUG"})
	})
	for name, way := range ways {
		err := fmt.Errorf("reserve: %w", way(t.Context(), conn))
		st := status.Convert(err)
		if st.Code() != codes.FailedPrecondition || rpc.Reason(err) != "BAD_CURSOR" || !strings.HasSuffix(st.Message(), "no such cursor") {
			t.Errorf("%s: %v, reason %q", name, st, rpc.Reason(err))
		}
		found := slices.ContainsFunc(st.Details(), func(d any) bool { key, ok := d.(*accessv1.Key); return ok && key.GetId() == "MUG" })
		if !found || len(rpc.Violations(err)) != 0 {
			t.Errorf("%s: details %v, violations %v", name, st.Details(), rpc.Violations(err))
		}
	}
	if log := s.log.take(); strings.Contains(log, `"level":"ERROR"`) {
		t.Errorf("an error on purpose was logged as one: %s", log)
	}
}

func TestViolationsCrossTheWireInOrder(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	conn := s.dial(t, "gateway")
	var check field.Checker
	check.Check(false, "variants[0].sku", "is required")
	check.Check(true, "title", "is fine")
	check.Check(false, "address.country", "must be two letters")
	s.does(func(context.Context) error { return fmt.Errorf("create: %w", check.Err()) })
	for name, way := range ways {
		err := way(t.Context(), conn)
		want := []field.Violation{{Field: "variants[0].sku", Message: "is required"}, {Field: "address.country", Message: "must be two letters"}}
		if got := rpc.Violations(err); !slices.Equal(got, want) {
			t.Errorf("%s: violations %v", name, got)
		}
		if status.Code(err) != codes.InvalidArgument || rpc.Reason(err) != "VALIDATION_FAILED" {
			t.Errorf("%s: %v, reason %q", name, err, rpc.Reason(err))
		}
	}
}

// goneConnection is as pgx says that a connection was closed before.
type goneConnection struct{}

func (goneConnection) Error() string     { return "secret text" }
func (goneConnection) SafeToRetry() bool { return true }

// clearedPool is as MongoDB's driver says that another operation has lost the server.
type clearedPool struct{}

func (clearedPool) Error() string   { return "secret text" }
func (clearedPool) Retryable() bool { return true }

func TestOtherErrorsCrossTheWireAsTheirCodeAlone(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	tests := map[string]struct {
		err    error
		code   codes.Code
		logged bool
	}{
		"unknown":                {errors.New("secret text"), codes.Internal, true},
		"wrapped":                {fmt.Errorf("list: %w", errors.New("secret text")), codes.Internal, true},
		"a database's":           {&pgconn.PgError{Code: "42P01", Message: "secret text"}, codes.Internal, true},
		"database shutting down": {fmt.Errorf("list: %w", &pgconn.PgError{Code: "57P01", Message: "secret text"}), codes.Unavailable, true},
		"database starting":      {&pgconn.PgError{Code: "57P03", Message: "secret text"}, codes.Unavailable, true},
		"statement took long":    {&pgconn.PgError{Code: "57014", Message: "secret text"}, codes.Unavailable, true},
		"lock not had in time":   {fmt.Errorf("reserve: %w", &pgconn.PgError{Code: "55P03", Message: "secret text"}), codes.Unavailable, true},
		"transaction stood idle": {&pgconn.PgError{Code: "25P03", Message: "secret text"}, codes.Unavailable, true},
		"no connection left":     {&pgconn.PgError{Code: "53300", Message: "secret text"}, codes.Unavailable, true},
		"connection gone":        {fmt.Errorf("list: %w", goneConnection{}), codes.Unavailable, true},
		"pool cleared":           {fmt.Errorf("list: %w", clearedPool{}), codes.Unavailable, true},
		"connection refused":     {fmt.Errorf("list: %w", &net.OpError{Op: "dial", Err: errors.New("secret text")}), codes.Unavailable, true},
		"connection closed":      {fmt.Errorf("secret text: %w", io.ErrUnexpectedEOF), codes.Unavailable, true},
		"connection at its end":  {fmt.Errorf("secret text: %w", io.EOF), codes.Unavailable, true},
		"out of time":            {fmt.Errorf("secret text: %w", context.DeadlineExceeded), codes.DeadlineExceeded, false},
		"canceled":               {fmt.Errorf("secret text: %w", context.Canceled), codes.Canceled, false},
	}
	for name, test := range tests {
		for way, ask := range ways {
			t.Run(name+"/"+way, func(t *testing.T) {
				s.does(func(context.Context) error { return test.err })
				s.log.take()
				// A connection of its own: the breaker of one would open among so many failures.
				err := ask(t.Context(), s.dial(t, "gateway"))
				if status.Code(err) != test.code || strings.Contains(err.Error(), "secret") || rpc.Reason(err) != "" {
					t.Errorf("%v, want %v without the text", err, test.code)
				}
				if log := s.log.take(); strings.Contains(log, `"level":"ERROR"`) != test.logged || test.logged && !strings.Contains(log, "secret text") {
					t.Errorf("logged %s", log)
				}
			})
		}
	}
}

func TestAnErrorOfTheNextServiceKeepsItsReason(t *testing.T) {
	t.Parallel()
	far, near := serve(t, nil), serve(t, nil)
	far.does(func(context.Context) error {
		return rpc.Error(codes.NotFound, errorsv1.ErrorReason_ERROR_REASON_BAD_CURSOR, "no such cursor")
	})
	onward := far.dial(t, "orders")
	near.does(func(ctx context.Context) error { return call(ctx, onward) })
	for name, way := range ways {
		if err := way(t.Context(), near.dial(t, "gateway")); status.Code(err) != codes.NotFound || rpc.Reason(err) != "BAD_CURSOR" {
			t.Errorf("%s: %v, reason %q", name, err, rpc.Reason(err))
		}
	}
}

func TestNoErrorHasNeitherReasonNorViolations(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, errors.New("plain"), status.Error(codes.NotFound, "bare")} {
		if rpc.Reason(err) != "" || len(rpc.Violations(err)) != 0 {
			t.Errorf("%v: %q %v", err, rpc.Reason(err), rpc.Violations(err))
		}
	}
}
