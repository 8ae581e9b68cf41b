package stripe_test

import (
	"errors"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	stripego "github.com/stripe/stripe-go/v85"

	"souk/services/payments/internal/payments"
)

const day = 24 * time.Hour

// hold makes a payment that Stripe holds.
func hold(t *testing.T, s *payments.Service) (order string) {
	t.Helper()
	order = uuid.NewString()
	if p, err := s.Authorize(t.Context(), order, price, goodCard); err != nil || p.Status != payments.Authorized {
		t.Fatalf("authorize: %s, %v", p.Status, err)
	}
	return order
}

// follow has the service ask about every payment that it is to ask about at any time.
func follow(t *testing.T, s *payments.Service, pool *pgxpool.Pool) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), `UPDATE payments SET ask_at = now() WHERE ask_at < 'infinity'`); err != nil {
		t.Fatal(err)
	}
	if err := s.Follow(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// learn are the ways in which payments learns what happened at Stripe.
var learn = map[string]func(t *testing.T, s *payments.Service, f *fake, pool *pgxpool.Pool){
	"by webhooks": func(t *testing.T, s *payments.Service, f *fake, _ *pgxpool.Pool) {
		t.Helper()
		for _, message := range f.messages() {
			deliver(t, s, message, time.Now())
		}
	},
	"by asking": func(t *testing.T, s *payments.Service, _ *fake, pool *pgxpool.Pool) {
		t.Helper()
		follow(t, s, pool)
	},
}

func TestOurBooksFollowStripes(t *testing.T) {
	t.Parallel()
	type end struct {
		status                           payments.Status
		reason                           payments.VoidReason
		open, captured, voided, refunded int64
	}
	for name, test := range map[string]struct {
		capture bool
		happens func(f *fake)
		want    end
	}{
		"nothing": {false, func(f *fake) { f.pass(6 * day) }, end{status: payments.Authorized, open: 1999}},
		"expiry": {false, func(f *fake) {
			f.pass(7*day + time.Minute)
		}, end{status: payments.Voided, reason: payments.VoidExpired, voided: 1999}},
		"void in dashboard": {false, func(f *fake) {
			f.inDashboard(func(pi *stripego.PaymentIntent) { f.end(pi, "requested_by_customer") })
		}, end{status: payments.Voided, reason: payments.VoidAtProvider, voided: 1999}},
		"capture in dashboard": {false, func(f *fake) {
			f.inDashboard(func(pi *stripego.PaymentIntent) { f.take(pi, 1999) })
		}, end{status: payments.Captured, captured: 1999}},
		"capture of a part": {false, func(f *fake) {
			f.inDashboard(func(pi *stripego.PaymentIntent) { f.take(pi, 1500) })
		}, end{status: payments.Captured, captured: 1500, voided: 499}},
		"refund in dashboard": {true, func(f *fake) {
			f.inDashboard(func(pi *stripego.PaymentIntent) { f.giveBack(pi, 700, "requested_by_customer", nil) })
		}, end{status: payments.Captured, captured: 1999, refunded: 700}},
		"a refund in dashboard that fails": {true, func(f *fake) {
			f.inDashboard(func(pi *stripego.PaymentIntent) { f.giveBack(pi, 700, "", nil) })
			f.sendBack(refundID)
		}, end{status: payments.Captured, captured: 1999}},
	} {
		for how, learns := range learn {
			t.Run(name+" "+how, func(t *testing.T) {
				t.Parallel()
				s, f, pool := setupPool(t)
				order := hold(t, s)
				if test.capture {
					if _, err := s.Capture(t.Context(), order); err != nil {
						t.Fatal(err)
					}
				}
				test.happens(f)
				learns(t, s, f, pool)
				b := books(t, s)
				got := end{b.Payment.Status, b.Payment.VoidReason, b.Open.Amount, b.Captured.Amount, b.Voided.Amount, b.Refunded.Amount}
				if got != test.want || b.Payment.Attention != "" || b.UnbalancedMovements != 0 ||
					*b.Provider != (payments.ProviderBooks{Open: b.Open, Captured: b.Captured, Refunded: b.Refunded}) {
					t.Errorf("%+v, want %+v; at Stripe %+v, attention %q", got, test.want, b.Provider, b.Payment.Attention)
				}
			})
		}
	}
}

func TestARefundThatFailsAtTheBankIsOwedAgain(t *testing.T) {
	t.Parallel()
	for how, learns := range learn {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, f, pool := setupPool(t)
			order := hold(t, s)
			if _, err := s.Capture(t.Context(), order); err != nil {
				t.Fatal(err)
			}
			if _, err := s.Refund(t.Context(), order, uuid.NewString(), price); err != nil {
				t.Fatal(err)
			}
			f.sendBack(refundID)
			learns(t, s, f, pool)
			d, err := s.Detail(t.Context(), order)
			if err != nil || d.Refunded != pence(0) || len(d.Refunds) != 1 || d.Refunds[0].Status != payments.RefundFailed || d.Refunds[0].Reason != "lost_or_stolen_card" {
				t.Fatalf("%+v, %v; want its refund failed, with the reason", d, err)
			}
			if p, err := s.Refund(t.Context(), order, uuid.NewString(), price); err != nil || p.Refunded != price {
				t.Errorf("another refund of the amount: %v, %v; want it given back", p.Refunded, err)
			}
			if b := books(t, s); b.Refunded != price || b.Provider.Refunded != price || b.UnbalancedMovements != 0 {
				t.Errorf("%+v, want all refunded", b)
			}
		})
	}
}

// Nobody told payments, and it has not asked.
func TestCallsAreAnsweredForGoodAfterSomebodyUsedTheDashboard(t *testing.T) {
	t.Parallel()
	take := func(amount int64) func(f *fake) {
		return func(f *fake) { f.inDashboard(func(pi *stripego.PaymentIntent) { f.take(pi, amount) }) }
	}
	end := func(f *fake) { f.inDashboard(func(pi *stripego.PaymentIntent) { f.end(pi, "") }) }
	for name, test := range map[string]struct {
		happens               func(f *fake)
		capture, void, refund error
	}{
		"captured": {take(1999), nil, payments.ErrAlreadyCaptured, nil},
		"a part":   {take(5), nil, payments.ErrAlreadyCaptured, payments.ErrRefundTooLarge},
		"voided":   {end, payments.ErrNotAuthorized, nil, payments.ErrNotCaptured},
		"expired":  {func(f *fake) { f.pass(8 * day) }, payments.ErrNotAuthorized, nil, payments.ErrNotCaptured},
	} {
		calls := map[string]func(s *payments.Service, order string) (err, want error){
			"capture": func(s *payments.Service, order string) (err, want error) {
				_, err = s.Capture(t.Context(), order)
				return err, test.capture
			},
			"void": func(s *payments.Service, order string) (err, want error) {
				return s.Void(t.Context(), order), test.void
			},
			"refund": func(s *payments.Service, order string) (err, want error) {
				_, err = s.Refund(t.Context(), order, uuid.NewString(), pence(6))
				return err, test.refund
			},
		}
		for call, try := range calls {
			s, f := setup(t)
			order := hold(t, s)
			test.happens(f)
			for range 2 {
				if err, want := try(s, order); !errors.Is(err, want) {
					t.Errorf("%s, %s: %v, want %v", name, call, err, want)
				}
			}
		}
	}
}

func TestARefundOfWhatWasGivenBackInTheDashboardIsRefused(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order := hold(t, s)
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	f.inDashboard(func(pi *stripego.PaymentIntent) { f.giveBack(pi, 1999, "", nil) })
	id := uuid.NewString()
	for range 2 {
		if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrRefundFailed) {
			t.Errorf("%v, want ErrRefundFailed", err)
		}
	}
	d, err := s.Detail(t.Context(), order)
	if err != nil || d.Refunded != price || len(d.Refunds) != 2 {
		t.Fatalf("%+v, %v; want the dashboard's refund in our books", d, err)
	}
	for _, r := range d.Refunds {
		if ours := r.ID == id; ours != (r.Status == payments.RefundFailed) || ours != (r.Reason == "charge_already_refunded") {
			t.Errorf("%+v, want ours refused, and the other one made", r)
		}
	}
}

func TestABankThatThinksLongIsWaitedFor(t *testing.T) {
	t.Parallel()
	for how, learns := range learn {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, f, pool := setupPool(t)
			order := uuid.NewString()
			for range 2 {
				if _, err := s.Authorize(t.Context(), order, price, slowBank); !errors.Is(err, payments.ErrOutcomeUnknown) {
					t.Fatalf("authorize: %v, want ErrOutcomeUnknown", err)
				}
			}
			f.searchable = true
			learns(t, s, f, pool)
			if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Pending {
				t.Fatalf("%s, %v; want it pending", p.Status, err)
			}
			f.inDashboard(f.hold)
			learns(t, s, f, pool)
			if b := books(t, s); b.Payment.Status != payments.Authorized || b.Open != price || f.creates != 1 {
				t.Errorf("%+v after %d requests for money, want it authorized after one", b, f.creates)
			}
		})
	}
}

func TestADefiniteRefusalEndsTheAttempt(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	for _, method := range []string{usedCard, oddCard} {
		order := uuid.NewString()
		for range 2 {
			if p, err := s.Authorize(t.Context(), order, price, method); err != nil || p.Status != payments.Declined || p.DeclineReason == "" {
				t.Errorf("%s: %+v, %v; want declined", method, p, err)
			}
		}
	}
	if f.creates != 2 {
		t.Errorf("asked %d times for money, want once each", f.creates)
	}
}

// The answer to the first attempt was lost, the search does not know it yet, and the order is given up.
func TestAVoidInTheDarkLetsGoWhatShowsUpLater(t *testing.T) {
	t.Parallel()
	for how, learns := range learn {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s, f, pool := setupPool(t)
			order := uuid.NewString()
			f.next(lose)
			if _, err := s.Authorize(t.Context(), order, price, goodCard); !errors.Is(err, payments.ErrOutcomeUnknown) {
				t.Fatal(err)
			}
			if err := s.Void(t.Context(), order); err != nil {
				t.Fatalf("void: %v", err)
			}
			f.searchable = true
			learns(t, s, f, pool)
			if status, count := f.status(intentID); status != stripego.PaymentIntentStatusCanceled || count != 1 || f.creates != 1 {
				t.Errorf("%s of %d is %s after %d requests for money, want it canceled", intentID, count, status, f.creates)
			}
			if p, err := s.Authorize(t.Context(), order, price, goodCard); err != nil || p.Status != payments.Voided || p.VoidReason != payments.VoidRequested {
				t.Errorf("authorize: %+v, %v; want it voided", p, err)
			}
		})
	}
}

// Stripe sends a message several times, hours later, and in any order.
func TestMessagesMayComeDoubledLateAndInAnyOrder(t *testing.T) {
	t.Parallel()
	for range 5 {
		s, f := setup(t)
		order := hold(t, s)
		if _, err := s.Capture(t.Context(), order); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Refund(t.Context(), order, uuid.NewString(), pence(1000)); err != nil {
			t.Fatal(err)
		}
		f.inDashboard(func(pi *stripego.PaymentIntent) { f.giveBack(pi, 300, "", nil) })
		f.sendBack(refundID)
		messages := f.messages()
		messages = append(messages, messages...)
		rand.Shuffle(len(messages), func(i, j int) { messages[i], messages[j] = messages[j], messages[i] })
		for _, message := range messages { // a message that is late is signed anew
			deliver(t, s, message, time.Now().Add(-4*time.Minute))
		}
		b := books(t, s)
		d, err := s.Detail(t.Context(), order)
		if err != nil || b.Payment.Status != payments.Captured || b.Refunded != pence(300) || b.Provider.Refunded != b.Refunded || len(d.Refunds) != 2 || b.UnbalancedMovements != 0 {
			t.Errorf("%+v, %+v, %v; want 3.00 refunded, and 10.00 failed", b, d.Refunds, err)
		}
	}
}

func TestMessagesThatStripeDidNotSignLatelyChangeNothing(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order := hold(t, s)
	f.inDashboard(func(pi *stripego.PaymentIntent) { f.take(pi, 1999) })
	for _, message := range f.messages() {
		for name, signature := range map[string]string{
			"unsigned": "", "six minutes old": signed(message, secret, time.Now().Add(-6*time.Minute)), "by somebody else": signed(message, "guess", time.Now()),
		} {
			if err := s.HandleWebhook(t.Context(), "stripe", []byte(message), signature); !errors.Is(err, payments.ErrBadSignature) {
				t.Errorf("%s: %v, want ErrBadSignature", name, err)
			}
		}
	}
	if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Authorized {
		t.Errorf("%s, %v; want nothing changed", p.Status, err)
	}
}

// Stripe's ids differ in capitals alone.
func TestIdsAreTakenAsTheyAreWritten(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order := hold(t, s)
	f.inDashboard(func(pi *stripego.PaymentIntent) { f.take(pi, 1999) })
	const other = `{"id":"evt_1","type":"refund.updated","data":{"object":{"id":"re_1","payment_intent":"pi_3mqlijlkdiwhu7ix0000001gbfd","metadata":{}}}}`
	deliver(t, s, other, time.Now())
	if p, err := s.Payment(t.Context(), order); err != nil || p.Status != payments.Authorized {
		t.Errorf("after a message about another: %s, %v", p.Status, err)
	}
}

func TestARefundThatStripeCannotPayYetIsAskedForAgain(t *testing.T) {
	t.Parallel()
	s, f := setup(t)
	order, id := hold(t, s), uuid.NewString()
	if _, err := s.Capture(t.Context(), order); err != nil {
		t.Fatal(err)
	}
	left := 3
	var step func(w http.ResponseWriter, answer func(http.ResponseWriter))
	step = func(w http.ResponseWriter, _ func(http.ResponseWriter)) {
		if left--; left > 0 {
			f.next(step)
		}
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error":{"type":"invalid_request_error","code":"balance_insufficient"}}`))
	}
	f.next(step)
	if _, err := s.Refund(t.Context(), order, id, price); !errors.Is(err, payments.ErrProviderUnavailable) {
		t.Errorf("without a balance: %v, want ErrProviderUnavailable", err)
	}
	if p, err := s.Refund(t.Context(), order, id, price); err != nil || p.Refunded != price {
		t.Errorf("later: %v, %v; want it given back", p.Refunded, err)
	}
}
