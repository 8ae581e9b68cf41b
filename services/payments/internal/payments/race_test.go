package payments_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// hooked is a provider with hooks, which let a test act before or after a call reaches the provider. A hook is called once,
// with a function that makes the call.
type hooked struct {
	payments.Provider
	mu                       sync.Mutex
	authorize, capture, void func(call func() error) error
	refund, lookup           func(call func() error) error
}

// around runs call inside the hook. It removes the hook first, so that calls made by the hook itself go straight through.
func (h *hooked) around(hook *func(func() error) error, call func() error) error {
	h.mu.Lock()
	step := *hook
	*hook = nil
	h.mu.Unlock()
	if step == nil {
		return call()
	}
	return step(call)
}

func (h *hooked) Authorize(ctx context.Context, p payments.Payment) (answer payments.Authorization, err error) {
	err = h.around(&h.authorize, func() error {
		answer, err = h.Provider.Authorize(ctx, p)
		return err
	})
	return answer, err
}

func (h *hooked) Capture(ctx context.Context, p payments.Payment) (askAt time.Time, err error) {
	err = h.around(&h.capture, func() error { askAt, err = h.Provider.Capture(ctx, p); return err })
	return askAt, err
}

func (h *hooked) Void(ctx context.Context, p payments.Payment) error {
	return h.around(&h.void, func() error { return h.Provider.Void(ctx, p) })
}

func (h *hooked) Refund(ctx context.Context, p payments.Payment, r payments.Refund) (answer payments.Refund, err error) {
	err = h.around(&h.refund, func() error {
		answer, err = h.Provider.Refund(ctx, p, r)
		return err
	})
	return answer, err
}

func (h *hooked) Lookup(ctx context.Context, p payments.Payment) (answer payments.Standing, err error) {
	err = h.around(&h.lookup, func() error {
		answer, err = h.Provider.Lookup(ctx, p)
		return err
	})
	return answer, err
}

func setupHooked(t *testing.T) (*payments.Service, *hooked, *pgxpool.Pool) {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	provider := &hooked{Provider: simulator.New(pool, simulator.Config{})}
	return newService(pool, provider), provider, pool
}

func authorize(t *testing.T, s *payments.Service) (order string) {
	t.Helper()
	order = uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); err != nil {
		t.Fatal(err)
	}
	return order
}

// assertBoth checks the status of the only payment in the shop's data and at the provider.
func assertBoth(t *testing.T, s *payments.Service, pool *pgxpool.Pool, order string, ours payments.Status, theirs string) {
	t.Helper()
	p, err := s.Payment(t.Context(), order)
	if err != nil || p.Status != ours {
		t.Errorf("in our books: %q, %v; want %s", p.Status, err, ours)
	}
	var status string
	if err := pool.QueryRow(t.Context(), `SELECT status FROM simulator.authorizations`).Scan(&status); err != nil || status != theirs {
		t.Errorf("at the provider: %q, %v; want %s", status, err, theirs)
	}
}

func TestAVoidDuringACaptureIsRefused(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := authorize(t, s)
	provider.capture = func(call func() error) error {
		err := call()
		if voided := s.Void(t.Context(), order); !errors.Is(voided, payments.ErrAlreadyCaptured) {
			t.Errorf("void: %v, want ErrAlreadyCaptured", voided)
		}
		return err
	}
	if p, err := s.Capture(t.Context(), order); err != nil || p.Status != payments.Captured {
		t.Errorf("capture: %s, %v; want captured", p.Status, err)
	}
	assertBoth(t, s, pool, order, payments.Captured, "captured")
}

func TestACaptureAfterAVoidIsRefused(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := authorize(t, s)
	provider.capture = func(call func() error) error {
		if err := s.Void(t.Context(), order); err != nil {
			t.Errorf("void: %v", err)
		}
		return call()
	}
	if _, err := s.Capture(t.Context(), order); !errors.Is(err, payments.ErrNotAuthorized) {
		t.Errorf("capture: %v, want ErrNotAuthorized", err)
	}
	assertBoth(t, s, pool, order, payments.Voided, "voided")
}

func TestAVoidSucceedsIfAConcurrentAuthorizeRecordsItFirst(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := uuid.NewString()
	if _, err := s.Authorize(t.Context(), order, price, simulator.Timeout); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	provider.void = func(call func() error) error {
		err := call()
		if p, err := s.Authorize(t.Context(), order, price, simulator.Timeout); err != nil || p.Status != payments.Voided {
			t.Errorf("authorize: %s, %v; want voided", p.Status, err)
		}
		return err
	}
	if err := s.Void(t.Context(), order); err != nil {
		t.Errorf("void: %v", err)
	}
	assertBoth(t, s, pool, order, payments.Voided, "voided")
}

func TestAVoidSucceedsIfTheCardIsDeclinedMeanwhile(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := uuid.NewString()
	provider.authorize = func(call func() error) error {
		_ = call()
		return payments.ErrOutcomeUnknown
	}
	if _, err := s.Authorize(t.Context(), order, price, simulator.CardDeclined); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Fatalf("err = %v, want ErrOutcomeUnknown", err)
	}
	provider.void = func(call func() error) error {
		if p, err := s.Authorize(t.Context(), order, price, simulator.CardDeclined); err != nil || p.Status != payments.Declined {
			t.Errorf("authorize: %s, %v; want declined", p.Status, err)
		}
		return call()
	}
	if err := s.Void(t.Context(), order); err != nil {
		t.Errorf("void: %v", err)
	}
	assertBoth(t, s, pool, order, payments.Declined, "declined")
}

// A provider, unlike the simulator, need not remember a void of a payment that it does not know yet.
func TestAnAuthorizationAfterTheVoidIsVoidedToo(t *testing.T) {
	t.Parallel()
	s, provider, pool := setupHooked(t)
	order := uuid.NewString()
	provider.authorize = func(call func() error) error {
		provider.void = func(func() error) error { return payments.ErrNotFound }
		if err := s.Void(t.Context(), order); err != nil {
			t.Errorf("void: %v", err)
		}
		err := call()
		provider.void = func(func() error) error { return payments.ErrOutcomeUnknown }
		return err
	}
	if _, err := s.Authorize(t.Context(), order, price, simulator.Visa); !errors.Is(err, payments.ErrOutcomeUnknown) {
		t.Errorf("authorize: %v, want ErrOutcomeUnknown", err)
	}
	if err := s.Void(t.Context(), order); err != nil {
		t.Errorf("void again: %v", err)
	}
	assertBoth(t, s, pool, order, payments.Voided, "voided")
}

func TestOfConcurrentCaptureAndVoidOneSucceeds(t *testing.T) {
	t.Parallel()
	s, _, pool := setupHooked(t)
	for range 30 {
		order := authorize(t, s)
		var captured, voided error
		var wg sync.WaitGroup
		wg.Go(func() { _, captured = s.Capture(t.Context(), order) })
		wg.Go(func() { voided = s.Void(t.Context(), order) })
		wg.Wait()
		if (captured == nil) == (voided == nil) {
			t.Errorf("capture: %v, void: %v; want one of them", captured, voided)
		}
	}
	var differ, sum, held int
	err := pool.QueryRow(t.Context(), `SELECT
		(SELECT count(*) FROM payments JOIN simulator.authorizations a USING (reference) WHERE payments.status <> a.status),
		sum(amount), sum(amount) FILTER (WHERE account = 'authorization_holds') FROM ledger_entries`).Scan(&differ, &sum, &held)
	if err != nil || differ != 0 || sum != 0 || held != 0 {
		t.Errorf("%d payments differ from the provider's books, the ledger is off by %d and still holds %d, %v", differ, sum, held, err)
	}
}

func TestOrderIDsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	s, _, _ := setupHooked(t)
	order := authorize(t, s)
	if p, err := s.Payment(t.Context(), strings.ToUpper(order)); err != nil || p.OrderID != order {
		t.Errorf("in capitals: %s, %v; want %s", p.OrderID, err, order)
	}
	for _, id := range []string{"urn:uuid:" + order, "{" + order + "}", "\x00" + order + "\x00"} {
		if _, err := s.Payment(t.Context(), id); !errors.Is(err, payments.ErrNotFound) {
			t.Errorf("payment of %q: %v, want ErrNotFound", id, err)
		}
	}
}
