package payments

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/money"
)

// The most that one payment may be, in minor units.
const maxAmount = 1_000_000_000_000

var method = regexp.MustCompile(`^[a-z0-9_]{1,64}$`)

// Service runs payments through a provider.
type Service struct {
	store    Store
	provider Provider
}

// New returns a service that keeps its books in store.
func New(store Store, provider Provider) *Service {
	return &Service{store: store, provider: provider}
}

// Authorize has the provider hold the amount for an order. A refusal is a payment that is Declined, not an error.
// The payment is written down before the provider is asked, so that whatever happens in between, asking again
// finds it and asks the provider by the same reference.
func (s *Service) Authorize(ctx context.Context, orderID string, amount money.Money, methodName string) (Payment, error) {
	if err := checkAuthorize(orderID, amount, methodName); err != nil {
		return Payment{}, err
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Payment{}, err
	}
	wanted := Payment{ID: id.String(), OrderID: orderID, Reference: "souk-" + orderID, Method: methodName, Status: Pending, Amount: amount}
	p, err := s.store.Begin(ctx, wanted)
	if err != nil {
		return Payment{}, err
	}
	fresh := p.ID == wanted.ID
	switch {
	case p.Status == Voided:
		return p, nil // given up before it began, or since
	case p.Amount != amount || p.Method != methodName:
		return Payment{}, ErrMismatch
	case p.Status != Pending:
		return p, nil
	}
	answer, err := s.ask(ctx, p, fresh)
	if err != nil {
		return Payment{}, err
	}
	return s.record(ctx, p, answer)
}

// ask gets the provider's answer for a pending payment. One that may have been asked for before is looked up first.
func (s *Service) ask(ctx context.Context, p Payment, fresh bool) (Authorization, error) {
	if !fresh {
		answer, err := s.provider.Lookup(ctx, p.Reference)
		if !errors.Is(err, ErrNotFound) {
			return answer, err
		}
	}
	request := Request{Reference: p.Reference, Amount: p.Amount, Method: p.Method}
	answer, err := retry(ctx, func() (Authorization, error) { return s.provider.Authorize(ctx, request) })
	if errors.Is(err, ErrUnknownMethod) {
		return Authorization{Reason: "unknown_payment_method"}, nil
	}
	return answer, err
}

func (s *Service) record(ctx context.Context, p Payment, answer Authorization) (Payment, error) {
	to := Declined
	if answer.Approved {
		to = Authorized
	}
	moved, err := s.store.Move(ctx, p, to, answer.Reason, movementTo(p, to))
	if !errors.Is(err, ErrChanged) {
		return moved, err
	}
	// Another call got the same answer first, or a void did not see this authorization at the provider.
	now, err := s.store.Find(ctx, p.OrderID)
	if err == nil && now.Status == Voided && answer.Approved {
		err = s.provider.Void(ctx, p.Reference)
	}
	return now, err
}

// Capture takes the whole amount of an order's authorization; again is no error.
func (s *Service) Capture(ctx context.Context, orderID string) (Payment, error) {
	p, err := s.find(ctx, orderID)
	if err != nil {
		return Payment{}, err
	}
	switch p.Status {
	case Captured:
		return p, nil
	case Authorized:
	default:
		return Payment{}, ErrNotAuthorized
	}
	if _, err := retry(ctx, func() (struct{}, error) { return struct{}{}, s.provider.Capture(ctx, p.Reference) }); err != nil {
		return Payment{}, fmt.Errorf("capture: %w", err)
	}
	return s.settle(ctx, p, Captured, ErrNotAuthorized)
}

// Void lets an order's authorization go; again is no error. Without one it bars a later Authorize.
func (s *Service) Void(ctx context.Context, orderID string) error {
	id, err := uuid.NewV7()
	if err != nil {
		return err
	}
	tombstone := Payment{ID: id.String(), OrderID: orderID, Reference: "souk-" + orderID, Status: Voided, Amount: money.New(0, "XXX")}
	if err := checkOrder(orderID); err != nil {
		return err
	}
	p, err := s.store.Begin(ctx, tombstone)
	if err != nil {
		return err
	}
	switch p.Status {
	case Voided, Declined:
		return nil
	case Captured:
		return ErrAlreadyCaptured
	}
	// A pending payment may be held at the provider all the same.
	_, err = retry(ctx, func() (struct{}, error) { return struct{}{}, s.provider.Void(ctx, p.Reference) })
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("void: %w", err)
	}
	_, err = s.settle(ctx, p, Voided, ErrAlreadyCaptured)
	return err
}

// settle records what the provider has done. When another call was faster, what it made of the payment decides.
func (s *Service) settle(ctx context.Context, p Payment, to Status, otherwise error) (Payment, error) {
	moved, err := s.store.Move(ctx, p, to, "", movementTo(p, to))
	if !errors.Is(err, ErrChanged) {
		return moved, err
	}
	now, err := s.store.Find(ctx, p.OrderID)
	if err != nil {
		return Payment{}, err
	}
	switch {
	case now.Status == to:
		return now, nil
	case now.Status.CanBecome(to):
		return s.settle(ctx, now, to, otherwise)
	default:
		return Payment{}, otherwise
	}
}

// Payment returns the payment of an order, or ErrNotFound.
func (s *Service) Payment(ctx context.Context, orderID string) (Payment, error) {
	return s.find(ctx, orderID)
}

func (s *Service) find(ctx context.Context, orderID string) (Payment, error) {
	if err := checkOrder(orderID); err != nil {
		return Payment{}, err
	}
	return s.store.Find(ctx, orderID)
}

func checkOrder(orderID string) error {
	if _, err := uuid.Parse(orderID); err != nil {
		return field.Invalid("order_id", "is not an id")
	}
	return nil
}

func checkAuthorize(orderID string, amount money.Money, methodName string) error {
	var check field.Checker
	_, err := uuid.Parse(orderID)
	check.Check(err == nil, "order_id", "is not an id")
	check.Check(amount.Amount > 0 && amount.Amount <= maxAmount, "amount", fmt.Sprintf("must be 1 to %d", maxAmount))
	_, err = money.Exponent(amount.Currency)
	check.Check(err == nil, "currency", "is not an ISO 4217 code")
	check.Check(method.MatchString(methodName), "payment_method", "is not a payment method")
	return check.Err()
}

const (
	attempts   = 3
	retryAfter = 50 * time.Millisecond
)

// retry calls the provider again after an error that had no effect. It is safe after any error, because calls are
// idempotent by reference; but an unknown outcome is for the caller to come back to.
func retry[T any](ctx context.Context, call func() (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		answer, err := call()
		final := err == nil || errors.Is(err, ErrOutcomeUnknown) || errors.Is(err, ErrUnknownMethod) || errors.Is(err, ErrNotFound)
		if final || attempt == attempts {
			return answer, err
		}
		select {
		case <-ctx.Done():
			return answer, ErrOutcomeUnknown
		case <-time.After(time.Duration(attempt) * retryAfter):
		}
	}
}
