package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/stripe"
)

// What the fake answers to: ids as Stripe makes them.
const (
	goodCard = "pm_1MqLiJLkdIwHu7ixUEgbFdYF"
	poorCard = "pm_1MqLjKLkdIwHu7ixBzPoOrQc"
	// slowBank has not decided when Stripe answers.
	slowBank = "pm_1MqLkLLkdIwHu7ixQsLoWbNk"
	// usedCard has paid for something else before, and oddCard is refused for a parameter that nobody expects.
	usedCard = "pm_1MqLmMLkdIwHu7ixWuSeDcRd"
	oddCard  = "pm_1MqLnNLkdIwHu7ixYoDdPaRm"
)

// liveID returns an id as Stripe makes them, in capitals and small letters.
func liveID(kind string, n int) string { return fmt.Sprintf("%s_3MqLiJLkdIwHu7ix%07dGbFd", kind, n) }

var (
	intentID = liveID("pi", 1)
	refundID = liveID("re", 1)
)

// How long an authorization holds, and how long Stripe knows an idempotency key.
const (
	holds    = 7 * 24 * time.Hour
	keyLasts = 24 * time.Hour
)

// fake is as much of Stripe as the adapter uses, with outcomes that stripe-mock does not have. It has a clock of its own, and keeps the
// messages that Stripe would send.
type fake struct {
	url string

	mu      sync.Mutex
	now     time.Time
	intents map[string]*stripego.PaymentIntent
	creates int
	refunds []*stripego.Refund
	replays map[string]replay // by idempotency key
	events  []string
	// searchable is whether the search has caught up.
	searchable bool
	// step is called once, for the next request. It may answer in place of the fake.
	step func(w http.ResponseWriter, answer func(http.ResponseWriter))
}

// replay is what a key was answered with.
type replay struct {
	at     time.Time
	status int
	body   []byte
}

func newFake(t *testing.T) (*fake, *stripe.Provider) {
	t.Helper()
	f := &fake{now: time.Now(), intents: map[string]*stripego.PaymentIntent{}, replays: map[string]replay{}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payment_intents", f.handle(f.create))
	mux.HandleFunc("GET /v1/payment_intents/search", f.handle(f.search))
	mux.HandleFunc("GET /v1/payment_intents/{id}", f.handle(f.retrieve))
	mux.HandleFunc("POST /v1/payment_intents/{id}/capture", f.handle(f.capture))
	mux.HandleFunc("POST /v1/payment_intents/{id}/cancel", f.handle(f.cancel))
	mux.HandleFunc("POST /v1/refunds", f.handle(f.refund))
	mux.HandleFunc("GET /v1/refunds", f.handle(f.listRefunds))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f, stripe.New(stripe.Config{Key: "sk_test_secret", URL: server.URL})
}

// handle answers a request once for its idempotency key, as Stripe does, but for requests that it finds invalid.
func (f *fake) handle(decide func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		step := f.step
		f.step = nil
		f.mu.Unlock()
		answer := func(w http.ResponseWriter) { f.answer(w, r, decide) }
		if step == nil {
			answer(w)
			return
		}
		step(w, answer)
	}
}

func (f *fake) answer(w http.ResponseWriter, r *http.Request, decide func(*http.Request) (int, any)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := r.Header.Get("Idempotency-Key")
	known, ok := f.replays[key]
	if key == "" || !ok || f.now.Sub(known.at) > keyLasts {
		status, body := decide(r)
		encoded, err := json.Marshal(body)
		if err != nil {
			panic(err)
		}
		known = replay{f.now, status, encoded}
		if status != http.StatusBadRequest {
			f.replays[key] = known
		}
	}
	w.WriteHeader(known.status)
	_, _ = w.Write(known.body)
}

// lose has the fake do as it is asked, and breaks the connection in the middle of its answer. Before it, net/http would
// send the request again by itself.
func lose(w http.ResponseWriter, answer func(http.ResponseWriter)) {
	answer(httptest.NewRecorder())
	w.Header().Set("Content-Length", "100")
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// answering makes the fake answer with a status and do nothing else.
func answering(status int, kind string) func(http.ResponseWriter, func(http.ResponseWriter)) {
	return func(w http.ResponseWriter, _ func(http.ResponseWriter)) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"type":%q,"message":"no"}}`, kind)
	}
}

func refusal(kind, code, decline, param string, intent *stripego.PaymentIntent) any {
	e := map[string]any{"type": kind, "code": code, "decline_code": decline, "param": param, "message": "no"}
	if intent != nil {
		e["payment_intent"] = intent
	}
	return map[string]any{"error": e}
}

func (f *fake) create(r *http.Request) (int, any) {
	f.creates++
	amount, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	method := r.FormValue("payment_method")
	switch {
	case amount > 99_999_999:
		return http.StatusBadRequest, refusal("invalid_request_error", "amount_too_large", "", "amount", nil)
	case method == usedCard:
		return http.StatusBadRequest, refusal("invalid_request_error", "", "", "", nil)
	case method == oddCard:
		return http.StatusBadRequest, refusal("invalid_request_error", "parameter_invalid_empty", "", "payment_method_options[card]", nil)
	case !slices.Contains([]string{goodCard, poorCard, slowBank}, method):
		return http.StatusBadRequest, refusal("invalid_request_error", "resource_missing", "", "payment_method", nil)
	}
	intent := &stripego.PaymentIntent{
		ID: liveID("pi", len(f.intents)+1), Amount: amount, Currency: stripego.Currency(r.FormValue("currency")),
		ClientSecret: "pi_secret_of_the_shopper", Status: stripego.PaymentIntentStatusRequiresPaymentMethod,
		Metadata: map[string]string{"souk_payment": r.FormValue("metadata[souk_payment]")},
	}
	f.intents[intent.ID] = intent
	switch method {
	case goodCard:
		f.hold(intent)
	case poorCard:
		intent.LastPaymentError = &stripego.Error{Type: "card_error", Code: "card_declined", DeclineCode: "insufficient_funds"}
		f.tellIntent("payment_intent.payment_failed", intent)
		return http.StatusPaymentRequired, refusal("card_error", "card_declined", "insufficient_funds", "", intent)
	}
	return http.StatusOK, intent
}

// hold authorizes an intent.
func (f *fake) hold(intent *stripego.PaymentIntent) {
	intent.Status, intent.AmountCapturable = stripego.PaymentIntentStatusRequiresCapture, intent.Amount
	intent.LatestCharge = &stripego.Charge{ID: "ch" + intent.ID[2:], Amount: intent.Amount, PaymentMethodDetails: &stripego.ChargePaymentMethodDetails{
		Card: &stripego.ChargePaymentMethodDetailsCard{CaptureBefore: f.now.Add(holds).Unix()},
	}}
	f.tellIntent("payment_intent.amount_capturable_updated", intent)
}

func (f *fake) retrieve(r *http.Request) (int, any) {
	if intent := f.intents[r.PathValue("id")]; intent != nil {
		return http.StatusOK, intent
	}
	return http.StatusNotFound, refusal("invalid_request_error", "resource_missing", "", "intent", nil)
}

func (f *fake) search(r *http.Request) (int, any) {
	found := []*stripego.PaymentIntent{}
	for _, intent := range f.intents {
		if f.searchable && r.FormValue("query") == fmt.Sprintf("metadata['souk_payment']:'%s'", intent.Metadata["souk_payment"]) {
			found = append(found, intent)
		}
	}
	return http.StatusOK, map[string]any{"object": "search_result", "data": found}
}

var unexpectedState = refusal("invalid_request_error", "payment_intent_unexpected_state", "", "", nil)

func (f *fake) capture(r *http.Request) (int, any) {
	status, found := f.retrieve(r)
	intent, ok := found.(*stripego.PaymentIntent)
	if !ok {
		return status, found
	}
	if intent.Status != stripego.PaymentIntentStatusRequiresCapture {
		return http.StatusBadRequest, unexpectedState
	}
	f.take(intent, intent.Amount)
	return http.StatusOK, intent
}

// take captures a part of an intent, and lets go of the rest. Stripe counts the rest as refunded.
func (f *fake) take(intent *stripego.PaymentIntent, amount int64) {
	charge := intent.LatestCharge
	intent.Status, intent.AmountCapturable, intent.AmountReceived = stripego.PaymentIntentStatusSucceeded, 0, amount
	charge.Captured, charge.AmountCaptured = true, amount
	if rest := intent.Amount - amount; rest > 0 {
		f.giveBack(intent, rest, "partial_capture", nil)
	}
	f.tellIntent("payment_intent.succeeded", intent)
}

func (f *fake) cancel(r *http.Request) (int, any) {
	status, found := f.retrieve(r)
	intent, ok := found.(*stripego.PaymentIntent)
	if !ok {
		return status, found
	}
	if intent.Status == stripego.PaymentIntentStatusSucceeded || intent.Status == stripego.PaymentIntentStatusCanceled {
		return http.StatusBadRequest, unexpectedState
	}
	f.end(intent, "")
	return http.StatusOK, intent
}

// end cancels an intent. Stripe counts what it held as refunded.
func (f *fake) end(intent *stripego.PaymentIntent, reason stripego.PaymentIntentCancellationReason) {
	if intent.AmountCapturable > 0 {
		f.giveBack(intent, intent.Amount, "expired_uncaptured_charge", nil)
	}
	intent.Status, intent.AmountCapturable, intent.CancellationReason = stripego.PaymentIntentStatusCanceled, 0, reason
	f.tellIntent("payment_intent.canceled", intent)
}

func (f *fake) refund(r *http.Request) (int, any) {
	intent := f.intents[r.FormValue("payment_intent")]
	amount, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	switch left := intent.Amount - intent.LatestCharge.AmountRefunded; {
	case left == 0:
		return http.StatusBadRequest, refusal("invalid_request_error", "charge_already_refunded", "", "", nil)
	case amount > left:
		return http.StatusBadRequest, refusal("invalid_request_error", "", "", "amount", nil)
	}
	metadata := map[string]string{}
	for _, key := range []string{"souk_payment", "souk_refund"} {
		if value := r.FormValue("metadata[" + key + "]"); value != "" {
			metadata[key] = value
		}
	}
	return http.StatusOK, f.giveBack(intent, amount, "", metadata)
}

// giveBack makes a refund.
func (f *fake) giveBack(intent *stripego.PaymentIntent, amount int64, reason stripego.RefundReason, metadata map[string]string) *stripego.Refund {
	intent.LatestCharge.AmountRefunded += amount
	made := &stripego.Refund{
		ID: liveID("re", len(f.refunds)+1), Amount: amount, Currency: intent.Currency, Status: stripego.RefundStatusPending, Reason: reason,
		PaymentIntent: intent, Metadata: metadata,
	}
	f.refunds = append(f.refunds, made)
	f.tellRefund("refund.created", made)
	return made
}

func (f *fake) listRefunds(r *http.Request) (int, any) {
	found := []*stripego.Refund{}
	for _, refund := range f.refunds {
		if refund.PaymentIntent.ID == r.FormValue("payment_intent") {
			found = append(found, refund)
		}
	}
	return http.StatusOK, map[string]any{"object": "list", "data": found}
}

// next makes step answer the next request.
func (f *fake) next(step func(http.ResponseWriter, func(http.ResponseWriter))) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.step = step
}

// status returns the status of an intent, and the number of all intents.
func (f *fake) status(id string) (stripego.PaymentIntentStatus, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.intents[id] == nil {
		return "", len(f.intents)
	}
	return f.intents[id].Status, len(f.intents)
}
