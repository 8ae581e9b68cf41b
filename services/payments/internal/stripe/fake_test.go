package stripe_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/stripe"
)

// Values that the fake recognizes.
const (
	goodCard = "pm_card_visa"
	poorCard = "pm_card_visa_chargeDeclinedInsufficientFunds"
)

// fake implements the part of Stripe's API that the adapter uses, with outcomes that stripe-mock does not offer.
type fake struct {
	url string

	mu      sync.Mutex
	intents map[string]*stripego.PaymentIntent
	refunds []*stripego.Refund
	replays map[string]func(http.ResponseWriter) // by idempotency key
	// searchable says whether intents can be found by searching yet.
	searchable bool
	// step is called once, for the next request. It may answer in place of the fake.
	step func(w http.ResponseWriter, answer func(http.ResponseWriter))
}

func newFake(t *testing.T) (*fake, *stripe.Provider) {
	t.Helper()
	f := &fake{intents: map[string]*stripego.PaymentIntent{}, replays: map[string]func(http.ResponseWriter){}}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/payment_intents", f.handle(f.create))
	mux.HandleFunc("GET /v1/payment_intents/search", f.handle(f.search))
	mux.HandleFunc("GET /v1/payment_intents/{id}", f.handle(f.retrieve))
	mux.HandleFunc("POST /v1/payment_intents/{id}/capture", f.handle(f.finish(stripego.PaymentIntentStatusSucceeded)))
	mux.HandleFunc("POST /v1/payment_intents/{id}/cancel", f.handle(f.finish(stripego.PaymentIntentStatusCanceled)))
	mux.HandleFunc("POST /v1/refunds", f.handle(f.refund))
	mux.HandleFunc("GET /v1/refunds", f.handle(f.listRefunds))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	f.url = server.URL
	return f, stripe.New(stripe.Config{Key: "sk_test_secret", URL: server.URL})
}

// handle answers a request once for its idempotency key, like Stripe.
func (f *fake) handle(decide func(*http.Request) (int, any)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		f.mu.Lock()
		step := f.step
		f.step = nil
		f.mu.Unlock()
		answer := func(w http.ResponseWriter) {
			f.mu.Lock()
			defer f.mu.Unlock()
			key := r.Header.Get("Idempotency-Key")
			if replay := f.replays[key]; key != "" && replay != nil {
				replay(w)
				return
			}
			status, body := decide(r)
			encoded, err := json.Marshal(body)
			if err != nil {
				panic(err)
			}
			f.replays[key] = func(w http.ResponseWriter) {
				w.WriteHeader(status)
				_, _ = w.Write(encoded)
			}
			f.replays[key](w)
		}
		if step == nil {
			answer(w)
			return
		}
		step(w, answer)
	}
}

// lose lets the fake handle the request, and breaks the connection in the middle of its answer. If it broke earlier, net/http
// would repeat the request by itself.
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
	amount, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	intent := &stripego.PaymentIntent{
		ID: fmt.Sprintf("pi_%d", len(f.intents)+1), Amount: amount, AmountCapturable: amount,
		Currency: stripego.Currency(r.FormValue("currency")), ClientSecret: "pi_secret_of_the_shopper",
		Metadata: map[string]string{"souk_payment": r.FormValue("metadata[souk_payment]")},
		Status:   stripego.PaymentIntentStatusRequiresCapture,
	}
	switch {
	case amount > 99_999_999:
		return http.StatusBadRequest, refusal("invalid_request_error", "amount_too_large", "", "amount", nil)
	case r.FormValue("payment_method") == goodCard:
		f.intents[intent.ID] = intent
		return http.StatusOK, intent
	case r.FormValue("payment_method") == poorCard:
		intent.Status, intent.AmountCapturable = stripego.PaymentIntentStatusRequiresPaymentMethod, 0
		intent.LastPaymentError = &stripego.Error{Type: "card_error", Code: "card_declined", DeclineCode: "insufficient_funds"}
		f.intents[intent.ID] = intent
		return http.StatusPaymentRequired, refusal("card_error", "card_declined", "insufficient_funds", "", intent)
	default:
		return http.StatusBadRequest, refusal("invalid_request_error", "resource_missing", "", "payment_method", nil)
	}
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

// finish captures or cancels an intent, which is possible only once.
func (f *fake) finish(to stripego.PaymentIntentStatus) func(*http.Request) (int, any) {
	return func(r *http.Request) (int, any) {
		status, found := f.retrieve(r)
		intent, ok := found.(*stripego.PaymentIntent)
		switch {
		case !ok:
			return status, found
		case intent.Status == stripego.PaymentIntentStatusSucceeded, intent.Status == stripego.PaymentIntentStatusCanceled:
			return http.StatusBadRequest, refusal("invalid_request_error", "payment_intent_unexpected_state", "", "", intent)
		case to == stripego.PaymentIntentStatusSucceeded:
			intent.AmountReceived = intent.AmountCapturable
			intent.LatestCharge = &stripego.Charge{ID: "ch_1"}
		}
		intent.AmountCapturable, intent.Status = 0, to
		return http.StatusOK, intent
	}
}

func (f *fake) refund(r *http.Request) (int, any) {
	intent := f.intents[r.FormValue("payment_intent")]
	amount, _ := strconv.ParseInt(r.FormValue("amount"), 10, 64)
	if amount > intent.AmountReceived-intent.LatestCharge.AmountRefunded {
		return http.StatusBadRequest, refusal("invalid_request_error", "", "", "amount", nil)
	}
	intent.LatestCharge.AmountRefunded += amount
	refund := &stripego.Refund{
		ID: fmt.Sprintf("re_%d", len(f.refunds)+1), Amount: amount, Currency: intent.Currency, Status: stripego.RefundStatusPending,
		PaymentIntent: intent, Metadata: map[string]string{},
	}
	if ours := r.FormValue("metadata[souk_refund]"); ours != "" {
		refund.Metadata["souk_refund"] = ours
	}
	f.refunds = append(f.refunds, refund)
	return http.StatusOK, refund
}

func (f *fake) listRefunds(r *http.Request) (int, any) {
	found := []*stripego.Refund{}
	for _, refund := range f.refunds {
		if strings.EqualFold(refund.PaymentIntent.ID, r.FormValue("payment_intent")) {
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

// change changes the first intent, as if somebody had done so at Stripe directly.
func (f *fake) change(what func(*stripego.PaymentIntent)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	what(f.intents["pi_1"])
}
