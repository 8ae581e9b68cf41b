package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"
)

const (
	// The most that one payment may be, in minor units.
	maxAmount = 1_000_000_000_000
	// ISO 4217's code for no currency, of the payment that only bars a later one.
	noCurrency = "XXX"
)

// Service runs payments through a provider.
type Service struct {
	store    Store
	provider Provider
	webhooks map[string]EventReader
	logger   *slog.Logger
}

// New returns a service that keeps its books in store. Webhooks are the readers of messages, by the name of the
// provider that they come from.
func New(store Store, provider Provider, webhooks map[string]EventReader, logger *slog.Logger) *Service {
	return &Service{store: store, provider: provider, webhooks: webhooks, logger: logger}
}

// Authorize has the provider hold the amount for an order. A refusal is a payment that is Declined, not an error.
// The payment is written down before the provider is asked, so that whatever happens in between, asking again
// finds it and asks the provider by the same reference.
func (s *Service) Authorize(ctx context.Context, orderID string, amount money.Money, methodName string) (Payment, error) {
	orderID, err := checkAuthorize(orderID, amount, methodName)
	if err != nil {
		return Payment{}, err
	}
	wanted, err := newPayment(orderID, Pending, amount, methodName)
	if err != nil {
		return Payment{}, err
	}
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
		return Payment{}, fmt.Errorf("authorize: %w", err)
	}
	return s.record(ctx, p, answer)
}

// newPayment returns a payment of an order with a reference that follows from the order.
func newPayment(orderID string, status Status, amount money.Money, methodName string) (Payment, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Payment{}, err
	}
	return Payment{
		ID: id.String(), OrderID: orderID, Reference: "souk-" + orderID,
		Method: methodName, Status: status, Amount: amount, Refunded: money.New(0, amount.Currency),
	}, nil
}

// ask gets the provider's answer for a pending payment. One that may have been asked for before is looked up first.
func (s *Service) ask(ctx context.Context, p Payment, fresh bool) (Authorization, error) {
	if !fresh {
		answer, err := retry(ctx, s.logger, func() (Authorization, error) { return s.provider.Lookup(ctx, p) })
		if !errors.Is(err, ErrNotFound) {
			return answer, err
		}
	}
	answer, err := retry(ctx, s.logger, func() (Authorization, error) { return s.provider.Authorize(ctx, p) })
	if errors.Is(err, ErrUnknownMethod) {
		return Authorization{Status: Declined, Reason: "unknown_payment_method"}, nil
	}
	return answer, err
}

func (s *Service) record(ctx context.Context, p Payment, answer Authorization) (Payment, error) {
	p.ProviderID = answer.ProviderID
	moved, err := s.store.Move(ctx, p, answer.Status, answer.Reason, movementTo(p, answer.Status))
	if !errors.Is(err, ErrChanged) {
		return moved, err
	}
	// Another call got the same answer first, or a void did not see this authorization at the provider.
	now, err := s.store.Find(ctx, p.OrderID)
	if err == nil && now.Status == Voided && answer.Status == Authorized {
		now.ProviderID = answer.ProviderID
		err = s.voidAtProvider(ctx, now)
	}
	return now, err
}

// Capture takes the whole amount of an order's authorization; again is no error.
func (s *Service) Capture(ctx context.Context, orderID string) (Payment, error) {
	p, err := s.Payment(ctx, orderID)
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
	if _, err := retry(ctx, s.logger, func() (struct{}, error) { return struct{}{}, s.provider.Capture(ctx, p) }); err != nil {
		return Payment{}, fmt.Errorf("capture: %w", err)
	}
	return s.settle(ctx, p, Captured)
}

// Void lets an order's authorization go; again is no error. Without one it bars a later Authorize.
func (s *Service) Void(ctx context.Context, orderID string) error {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return field.Invalid("order_id", notAnID)
	}
	tombstone, err := newPayment(orderID, Voided, money.New(0, noCurrency), "")
	if err != nil {
		return err
	}
	p, err := s.store.Begin(ctx, tombstone)
	switch {
	case err != nil:
		return err
	case p.Status == Declined, p.Method == "": // nothing was ever held
		return nil
	case p.Status == Captured:
		return ErrAlreadyCaptured
	}
	// A pending payment may be held at the provider all the same. So may a voided one: its authorization can have
	// arrived after the void, and the call that saw it may have ended before it could let it go.
	if err := s.voidAtProvider(ctx, p); err != nil {
		return fmt.Errorf("void: %w", err)
	}
	_, err = s.settle(ctx, p, Voided)
	return err
}

// voidAtProvider lets go what the provider holds for a payment, if anything.
func (s *Service) voidAtProvider(ctx context.Context, p Payment) error {
	_, err := retry(ctx, s.logger, func() (struct{}, error) { return struct{}{}, s.provider.Void(ctx, p) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// settle records what the provider has done: to is Captured or Voided. When another call was faster, what it
// made of the payment decides.
func (s *Service) settle(ctx context.Context, p Payment, to Status) (Payment, error) {
	for p.Status.CanBecome(to) {
		moved, err := s.store.Move(ctx, p, to, "", movementTo(p, to))
		if !errors.Is(err, ErrChanged) {
			return moved, err
		}
		if p, err = s.store.Find(ctx, p.OrderID); err != nil {
			return Payment{}, err
		}
	}
	switch {
	case p.Status == to, to == Voided && p.Status == Declined:
		return p, nil
	case to == Voided:
		return Payment{}, ErrAlreadyCaptured
	default:
		return Payment{}, ErrNotAuthorized
	}
}

// Payment returns the payment of an order, or ErrNotFound.
func (s *Service) Payment(ctx context.Context, orderID string) (Payment, error) {
	orderID, ok := identifier.Canonical(orderID)
	if !ok {
		return Payment{}, ErrNotFound
	}
	return s.store.Find(ctx, orderID)
}
