package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"souk/platform/access"
	"souk/platform/field"
	"souk/platform/rpc"
)

// fromService is a service's error as it comes over the wire, where a reason is a text.
func fromService(t *testing.T, code codes.Code, reason, message string) error {
	t.Helper()
	st, err := status.New(code, message).WithDetails(&errdetails.ErrorInfo{Reason: reason, Domain: "souk"})
	if err != nil {
		t.Fatal(err)
	}
	return st.Err()
}

// written answers with err and reads the answer.
func written(t *testing.T, err error) (reply, string) {
	t.Helper()
	var log bytes.Buffer
	recorder := httptest.NewRecorder()
	ctx := rpc.WithRequestID(t.Context(), "req-1")
	recorder.Header().Set("X-Request-Id", "req-1")
	WriteError(ctx, recorder, slog.New(slog.NewTextHandler(&log, nil)), err)
	return readReply(t, recorder.Code, recorder.Header(), recorder.Body.Bytes()), log.String()
}

func TestReasonsAreAnsweredAsTheContractSays(t *testing.T) {
	t.Parallel()
	tests := []struct {
		code   codes.Code
		reason string
		status int
		want   string
		field  string
	}{
		{codes.InvalidArgument, "BAD_CURSOR", 400, "invalid_request", ""},
		{codes.Unauthenticated, "INVALID_CREDENTIALS", 401, "invalid_credentials", ""},
		{codes.Unauthenticated, "INVALID_REFRESH_TOKEN", 401, "invalid_refresh_token", ""},
		{codes.Unauthenticated, "CUSTOMER_NOT_FOUND", 401, "unauthenticated", ""},
		{codes.NotFound, "PRODUCT_NOT_FOUND", 404, "not_found", ""},
		{codes.NotFound, "CART_NOT_FOUND", 404, "not_found", ""},
		{codes.NotFound, "ADDRESS_NOT_FOUND", 404, "not_found", ""},
		{codes.NotFound, "ORDER_NOT_FOUND", 404, "not_found", ""},
		{codes.NotFound, "RETURN_NOT_FOUND", 404, "not_found", ""},
		{codes.NotFound, "UNKNOWN_PROVIDER", 404, "not_found", ""},
		{codes.InvalidArgument, "BAD_SIGNATURE", 400, "invalid_request", ""},
		{codes.AlreadyExists, "EMAIL_TAKEN", 409, "email_taken", ""},
		{codes.Aborted, "PRICE_CHANGED", 409, "price_changed", ""},
		{codes.Aborted, "OUT_OF_STOCK", 409, "out_of_stock", ""},
		{codes.Aborted, "IDEMPOTENCY_IN_PROGRESS", 409, "idempotency_in_progress", ""},
		{codes.FailedPrecondition, "NOT_CANCELLABLE", 409, "not_cancellable", ""},
		{codes.FailedPrecondition, "NOT_DISPATCHABLE", 409, "not_dispatchable", ""},
		{codes.FailedPrecondition, "NOT_RETURNABLE", 409, "not_returnable", ""},
		{codes.FailedPrecondition, "CART_EMPTY", 409, "cart_empty", ""},
		{codes.FailedPrecondition, "CART_BEING_ORDERED", 409, "cart_being_ordered", ""},
		{codes.Aborted, "VERSION_MISMATCH", 412, "precondition_failed", ""},
		{codes.InvalidArgument, "IDEMPOTENCY_KEY_REUSED", 422, "idempotency_key_reused", ""},
		{codes.AlreadyExists, "SLUG_TAKEN", 422, "validation_failed", "slug"},
		{codes.AlreadyExists, "SKU_TAKEN", 422, "validation_failed", "variants"},
		{codes.FailedPrecondition, "CART_FULL", 422, "validation_failed", ""},
		{codes.FailedPrecondition, "INSUFFICIENT_STOCK", 422, "validation_failed", "delta"},
		{codes.FailedPrecondition, "TOO_MANY_ADDRESSES", 422, "validation_failed", ""},
		{codes.Aborted, "CUSTOMER_CONTENDED", 503, "unavailable", ""},
		{codes.Unavailable, "OUTCOME_UNKNOWN", 503, "unavailable", ""},
		{codes.InvalidArgument, "VALIDATION_FAILED", 422, "validation_failed", ""},
		{codes.NotFound, "TICKET_NOT_FOUND", 404, "not_found", ""},
		{codes.FailedPrecondition, "ORDERS_OPEN", 409, "orders_open", ""},
		{codes.FailedPrecondition, "STAFF_ACCOUNT", 409, "staff_account", ""},
		{codes.Unavailable, "UNAVAILABLE", 503, "unavailable", ""},
		{codes.Unavailable, "PROVIDER_UNAVAILABLE", 503, "unavailable", ""},
		{codes.ResourceExhausted, "OVERLOADED", 503, "unavailable", ""},
		{codes.ResourceExhausted, "BUSY", 503, "unavailable", ""},
		{codes.NotFound, "OF_A_NEWER_SERVICE", 404, "not_found", ""},
	}
	for _, test := range tests {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			err := fmt.Errorf("ask: %w", fromService(t, test.code, test.reason, "what happened"))
			a, log := written(t, err)
			a.mustBe(t, test.status, test.want, test.field)
			if (a.header.Get("Retry-After") != "") != (test.status == 503) {
				t.Errorf("Retry-After %q", a.header.Get("Retry-After"))
			}
			if (a.header.Get("WWW-Authenticate") != "") != (test.status == 401) {
				t.Errorf("WWW-Authenticate %q", a.header.Get("WWW-Authenticate"))
			}
			if log != "" {
				t.Errorf("logged %s", log)
			}
		})
	}
}

func TestStatusCodesAreAnsweredAsTheContractSays(t *testing.T) {
	t.Parallel()
	tests := map[codes.Code]struct {
		status int
		want   string
	}{
		codes.Unauthenticated: {401, "unauthenticated"}, codes.PermissionDenied: {403, "forbidden"}, codes.NotFound: {404, "not_found"},
		codes.Unavailable: {503, "unavailable"}, codes.DeadlineExceeded: {503, "unavailable"}, codes.Canceled: {503, "unavailable"},
		codes.ResourceExhausted: {503, "unavailable"}, codes.Aborted: {503, "unavailable"}, codes.InvalidArgument: {422, "validation_failed"},
		codes.Internal: {500, "internal"}, codes.Unknown: {500, "internal"}, codes.Unimplemented: {500, "internal"},
		codes.FailedPrecondition: {500, "internal"}, codes.AlreadyExists: {500, "internal"}, codes.DataLoss: {500, "internal"},
		codes.OutOfRange: {500, "internal"},
	}
	for code, test := range tests {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			a, log := written(t, status.Error(code, "secret text"))
			a.mustBe(t, test.status, test.want, "")
			if test.status >= 500 && strings.Contains(string(a.body), "secret") {
				t.Errorf("the client was told %s", a.body)
			}
			logged := strings.Contains(log, "answered "+code.String()) && strings.Contains(log, "req-1")
			if logged != (test.status == 500) || strings.Contains(log, "secret") {
				t.Errorf("logged %q", log)
			}
		})
	}
}

func TestOtherErrorsAreAnsweredByWhatTheyAre(t *testing.T) {
	t.Parallel()
	invalid := &field.Error{Violations: []field.Violation{{Field: "name", Message: "is too long"}, {Field: "email", Message: "is no address"}}}
	tests := map[string]struct {
		err    error
		status int
		want   string
		field  string
	}{
		"a problem":          {fmt.Errorf("wrapped: %w", NotFound("No such thing.")), 404, "not_found", ""},
		"a body too large":   {fmt.Errorf("read: %w", &http.MaxBytesError{Limit: 1}), 413, "payload_too_large", ""},
		"a wrong JSON type":  {fmt.Errorf("decode: %w", &json.UnmarshalTypeError{Field: "quantity", Value: "number 1.0"}), 422, "validation_failed", "quantity"},
		"no keys":            {fmt.Errorf("verify: %w", access.ErrKeysUnavailable), 503, "unavailable", ""},
		"out of time":        {fmt.Errorf("ask: %w", context.DeadlineExceeded), 503, "unavailable", ""},
		"a client that left": {fmt.Errorf("ask: %w", context.Canceled), 503, "unavailable", ""},
		"anything else":      {errors.New("secret text"), 500, "internal", ""},
		"fields":             {InvalidFields(invalid.Violations...), 422, "validation_failed", "name email"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a, _ := written(t, test.err)
			a.mustBe(t, test.status, test.want, test.field)
			if strings.Contains(string(a.body), "secret") {
				t.Errorf("the client was told %s", a.body)
			}
			if got := a.header.Get("Cache-Control"); got != "no-store" {
				t.Errorf("Cache-Control %q", got)
			}
		})
	}
}

func TestAProblemOfAReplayKeepsTheFirstRequestID(t *testing.T) {
	t.Parallel()
	recorder := httptest.NewRecorder()
	p := NewProblem(http.StatusPaymentRequired, "payment_declined", "")
	p.RequestId, p.Header = "first", http.Header{"Idempotent-Replay": {"true"}}
	WriteError(rpc.WithRequestID(t.Context(), "second"), recorder, slog.New(slog.DiscardHandler), p)
	var got problem
	if err := json.Unmarshal(recorder.Body.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.RequestID != "first" || recorder.Header().Get("Idempotent-Replay") != "true" {
		t.Errorf("request_id %q, header %v", got.RequestID, recorder.Header())
	}
}
