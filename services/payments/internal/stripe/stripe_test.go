package stripe_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/platform/money"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/stripe"
)

var price = money.New(1999, "GBP")

func pence(amount int64) money.Money { return money.New(amount, "GBP") }

func pending(method string) payments.Payment {
	return payments.Payment{Reference: "souk-1", Method: method, Status: payments.Pending, Amount: price}
}

// authorized returns an authorized payment.
func authorized(t *testing.T, provider *stripe.Provider) payments.Payment {
	t.Helper()
	p := pending(goodCard)
	answer, err := provider.Authorize(t.Context(), p)
	if err != nil || answer.Status != payments.Authorized {
		t.Fatalf("authorize: %+v, %v", answer, err)
	}
	p.Status, p.ProviderID = payments.Authorized, answer.ProviderID
	return p
}

func captured(t *testing.T, provider *stripe.Provider) payments.Payment {
	t.Helper()
	p := authorized(t, provider)
	if _, err := provider.Capture(t.Context(), p); err != nil {
		t.Fatal(err)
	}
	return p
}

func assertBooks(t *testing.T, provider *stripe.Provider, p payments.Payment, open, captured, refunded int64) {
	t.Helper()
	want := payments.ProviderBooks{Open: pence(open), Captured: pence(captured), Refunded: pence(refunded)}
	if got, err := provider.Lookup(t.Context(), p); err != nil || got.ProviderBooks != want {
		t.Errorf("books = %+v, %v; want %+v", got.ProviderBooks, err, want)
	}
}

func TestAuthorizeCaptureAndRefund(t *testing.T) {
	t.Parallel()
	_, provider := newFake(t)
	p := authorized(t, provider)
	assertBooks(t, provider, p, 1999, 0, 0)
	for range 2 { // capturing again is no error
		if _, err := provider.Capture(t.Context(), p); err != nil {
			t.Errorf("capture: %v", err)
		}
	}
	for range 2 { // repeating the refund returns the same one
		refund, err := provider.Refund(t.Context(), p, payments.Refund{Reference: "souk-refund-1", Amount: pence(500)})
		if err != nil || refund.Status != payments.RefundSucceeded || refund.ProviderID != refundID {
			t.Errorf("refund: %+v, %v; want %s", refund, err, refundID)
		}
	}
	assertBooks(t, provider, p, 0, 1999, 500)
	if err := provider.Void(t.Context(), p); !errors.Is(err, payments.ErrAlreadyCaptured) {
		t.Errorf("void: %v, want ErrAlreadyCaptured", err)
	}
}

func TestAVoidedIntentIsNotCaptured(t *testing.T) {
	t.Parallel()
	_, provider := newFake(t)
	p := authorized(t, provider)
	for range 2 {
		if err := provider.Void(t.Context(), p); err != nil {
			t.Errorf("void: %v", err)
		}
	}
	if _, err := provider.Capture(t.Context(), p); !errors.Is(err, payments.ErrNotAuthorized) {
		t.Errorf("capture: %v, want ErrNotAuthorized", err)
	}
	if answer, err := provider.Lookup(t.Context(), p); err != nil || answer.Status != payments.Voided {
		t.Errorf("look up: %+v, %v; want voided", answer, err)
	}
	assertBooks(t, provider, p, 0, 0, 0)
}

func TestADeclinedCardIsNotAnError(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	p := pending(poorCard)
	answer, err := provider.Authorize(t.Context(), p)
	if err != nil || answer.Status != payments.Declined || answer.Reason != "insufficient_funds" || answer.ProviderID != intentID {
		t.Errorf("%+v, %v; want declined for insufficient_funds", answer, err)
	}
	f.searchable = true
	if again, err := provider.Lookup(t.Context(), p); err != nil || again.Authorization != answer {
		t.Errorf("look up: %+v, %v; want %+v", again, err, answer)
	}
	if _, err := provider.Authorize(t.Context(), payments.Payment{Reference: "souk-2", Method: "pm_none", Amount: price}); !errors.Is(err, payments.ErrUnknownMethod) {
		t.Errorf("no such method: %v, want ErrUnknownMethod", err)
	}
	answer, err = provider.Authorize(t.Context(), payments.Payment{Reference: "souk-3", Method: goodCard, Amount: pence(100_000_000)})
	if err != nil || answer.Status != payments.Declined || answer.Reason != "invalid_amount" {
		t.Errorf("too much: %+v, %v; want declined", answer, err)
	}
}

func TestARequestWithALostAnswerIsRepeatedWithTheSameKey(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	p := pending(goodCard)
	f.next(lose)
	if _, err := provider.Authorize(t.Context(), p); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	if _, err := provider.Lookup(t.Context(), p); !errors.Is(err, payments.ErrNotFound) {
		t.Errorf("look up before the search knows: %v, want ErrNotFound", err)
	}
	answer, err := provider.Authorize(t.Context(), p)
	if err != nil || answer.Status != payments.Authorized {
		t.Errorf("again: %+v, %v; want authorized", answer, err)
	}
	f.searchable = true
	if found, err := provider.Lookup(t.Context(), p); err != nil || found.Authorization != answer {
		t.Errorf("look up: %+v, %v; want %+v", found, err, answer)
	}
	if _, count := f.status(answer.ProviderID); count != 1 {
		t.Errorf("%d intents, want 1", count)
	}
}

func TestAVoidFindsAnAuthorizationWithALostAnswer(t *testing.T) {
	t.Parallel()
	for _, searchable := range []bool{false, true} {
		f, provider := newFake(t)
		f.searchable = searchable
		f.next(lose)
		p := pending(goodCard)
		if _, err := provider.Authorize(t.Context(), p); !errors.Is(err, payments.ErrOutcomeUnknown) {
			t.Fatal(err)
		}
		want := stripego.PaymentIntentStatusCanceled
		err := provider.Void(t.Context(), p)
		if !searchable { // the service asks again later
			want = stripego.PaymentIntentStatusRequiresCapture
			if !errors.Is(err, payments.ErrNotFound) {
				t.Errorf("void before the search knows: %v, want ErrNotFound", err)
			}
		} else if err != nil {
			t.Errorf("void: %v", err)
		}
		if status, count := f.status(intentID); status != want || count != 1 || f.creates != 1 {
			t.Errorf("%s of %d is %s after %d requests for money, want %s, alone and asked for once", intentID, count, status, f.creates, want)
		}
	}
}

func TestAVoidNeverAsksForMoney(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	for _, status := range []payments.Status{payments.Pending, payments.Voided} {
		p := pending(goodCard)
		p.Status = status
		if err := provider.Void(t.Context(), p); !errors.Is(err, payments.ErrNotFound) {
			t.Errorf("void of what never was, %s: %v, want ErrNotFound", status, err)
		}
	}
	if f.creates != 0 {
		t.Errorf("asked %d times for money", f.creates)
	}
}

func TestADefiniteRefusalIsADecline(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	for method, want := range map[string]string{usedCard: "invalid_request", oddCard: "parameter_invalid_empty"} {
		p := pending(method)
		p.Reference = method
		answer, err := provider.Authorize(t.Context(), p)
		if err != nil || answer.Status != payments.Declined || answer.Reason != want {
			t.Errorf("%s: %+v, %v; want declined for %s", method, answer, err, want)
		}
	}
	f.next(answering(http.StatusBadRequest, "invalid_request_error"))
	if answer, err := provider.Authorize(t.Context(), pending(goodCard)); err != nil || answer.Status != payments.Declined {
		t.Errorf("a bug of ours: %+v, %v; want declined", answer, err)
	}
}

func TestABankThatHasNotDecidedHasNotDeclined(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	f.searchable = true
	p := pending(slowBank)
	if answer, err := provider.Authorize(t.Context(), p); err != nil || answer.Status != payments.Pending || answer.ProviderID != intentID {
		t.Fatalf("%+v, %v; want it pending", answer, err)
	}
	if found, err := provider.Lookup(t.Context(), p); err != nil || found.Status != payments.Pending {
		t.Errorf("look up: %+v, %v; want it pending", found, err)
	}
	f.inDashboard(f.hold)
	if found, err := provider.Lookup(t.Context(), p); err != nil || found.Status != payments.Authorized || found.Open != price {
		t.Errorf("later: %+v, %v; want it authorized", found, err)
	}
}

func TestErrorsSayWhetherTheyHadAnEffect(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	tests := map[string]struct {
		step    func(http.ResponseWriter, func(http.ResponseWriter))
		unknown bool
	}{
		"500":             {answering(http.StatusInternalServerError, "api_error"), true},
		"503":             {answering(http.StatusServiceUnavailable, "api_error"), true},
		"under way":       {answering(http.StatusConflict, "idempotency_error"), true},
		"no connection":   {lose, true},
		"no JSON":         {func(w http.ResponseWriter, _ func(http.ResponseWriter)) { _, _ = w.Write([]byte("<html>")) }, true},
		"too many":        {answering(http.StatusTooManyRequests, "invalid_request_error"), false},
		"wrong key":       {answering(http.StatusUnauthorized, "invalid_request_error"), false},
		"key of another":  {answering(http.StatusBadRequest, "idempotency_error"), true},
		"of another kind": {answering(http.StatusForbidden, "invalid_request_error"), false},
	}
	for name, test := range tests {
		f.next(test.step)
		p := pending(goodCard)
		p.Reference = name
		_, err := provider.Authorize(t.Context(), p)
		if err == nil || errors.Is(err, payments.ErrOutcomeUnknown) != test.unknown || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want an unknown outcome: %t", name, err, test.unknown)
		}
		if answer, err := provider.Authorize(t.Context(), p); err != nil || answer.Status != payments.Authorized {
			t.Errorf("%s, again: %+v, %v; want authorized", name, answer, err)
		}
	}
}

func TestATimeoutIsAnUnknownOutcome(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	released := make(chan struct{})
	f.next(func(w http.ResponseWriter, answer func(http.ResponseWriter)) {
		<-released
		answer(w)
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := provider.Authorize(ctx, pending(goodCard))
	close(released)
	if !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("err = %v, want ErrOutcomeUnknown", err)
	}
	authorized(t, provider)
}

func TestALostCaptureAndVoidCanBeRepeated(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	p := authorized(t, provider)
	f.next(lose)
	if _, err := provider.Capture(t.Context(), p); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("capture: %v, want ErrOutcomeUnknown", err)
	}
	if _, err := provider.Capture(t.Context(), p); err != nil {
		t.Errorf("capture again: %v", err)
	}
	f, provider = newFake(t)
	p = authorized(t, provider)
	f.next(lose)
	if err := provider.Void(t.Context(), p); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("void: %v, want ErrOutcomeUnknown", err)
	}
	if err := provider.Void(t.Context(), p); err != nil {
		t.Errorf("void again: %v", err)
	}
}

func TestARefundWithALostAnswerIsListed(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	p := captured(t, provider)
	f.next(lose)
	if _, err := provider.Refund(t.Context(), p, payments.Refund{Reference: "souk-refund-1", Amount: pence(500)}); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	f.refunds = append(f.refunds, &stripego.Refund{
		ID: "re_of_the_dashboard", Amount: 7, Currency: "gbp", Status: stripego.RefundStatusFailed, PaymentIntent: f.intents[p.ProviderID],
	})
	refunds, err := provider.Refunds(t.Context(), p)
	if err != nil || len(refunds) != 2 ||
		refunds[0] != (payments.Refund{Reference: "souk-refund-1", ProviderID: refundID, Status: payments.RefundSucceeded, Amount: pence(500)}) ||
		refunds[1].Reference != "re_of_the_dashboard" || refunds[1].Status != payments.RefundFailed {
		t.Errorf("refunds = %+v, %v; want ours and the dashboard's", refunds, err)
	}
}

func TestARefusedRefundHasFailed(t *testing.T) {
	t.Parallel()
	f, provider := newFake(t)
	p := captured(t, provider)
	refund, err := provider.Refund(t.Context(), p, payments.Refund{Reference: "souk-refund-1", Amount: pence(2000)})
	if err != nil || refund.Status != payments.RefundFailed {
		t.Errorf("too much: %+v, %v; want failed", refund, err)
	}
	f.next(func(w http.ResponseWriter, _ func(http.ResponseWriter)) {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","code":"balance_insufficient"}}`))
	})
	if _, err := provider.Refund(t.Context(), p, payments.Refund{Reference: "souk-refund-2", Amount: pence(1)}); err == nil || errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("with no balance: %v, want an error without effect", err)
	}
}

func TestAnUnknownIntentIsNotConsideredVoided(t *testing.T) {
	t.Parallel()
	_, provider := newFake(t)
	p := pending(goodCard)
	p.Status, p.ProviderID = payments.Authorized, "pi_elsewhere"
	if err := provider.Void(t.Context(), p); err == nil || errors.Is(err, payments.ErrNotFound) {
		t.Errorf("void: %v, want an error that is not ErrNotFound", err)
	}
	if _, err := provider.Lookup(t.Context(), p); !errors.Is(err, payments.ErrNotFound) {
		t.Errorf("look up: %v, want ErrNotFound", err)
	}
}
