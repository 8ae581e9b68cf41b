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
	// The maximum amount of a payment, in minor units.
	maxAmount = 1_000_000_000_000
	// ISO 4217's code for "no currency", for a payment that only prevents a later authorization.
	noCurrency = "XXX"
)

// Service implements payments with a provider.
type Service struct {
	store    Store
	provider Provider
	webhooks map[string]EventReader
	logger   *slog.Logger
}

// New returns a service that stores its data in store. webhooks maps provider names to readers of their messages.
func New(store Store, provider Provider, webhooks map[string]EventReader, logger *slog.Logger) *Service {
	return &Service{store: store, provider: provider, webhooks: webhooks, logger: logger}
}

// Authorize asks the provider to hold the amount for an order. A decline is not an error but a payment with the status
// Declined. The payment is stored before the provider is asked, so that a repeated call finds it and asks the provider with the
// same reference.
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
		return p, nil // voided before or after its authorization
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

// newPayment returns a payment of an order. Its reference is derived from the order ID.
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

// ask gets the provider's answer for a pending payment. If it is not fresh, it may have been requested before, so it is looked
// up first.
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
	// A concurrent call got the same answer first, or a void did not see this authorization at the provider.
	now, err := s.store.Find(ctx, p.OrderID)
	if err == nil && now.Status == Voided && answer.Status == Authorized {
		now.ProviderID = answer.ProviderID
		err = s.voidAtProvider(ctx, now)
	}
	return now, err
}

// Capture captures the whole amount of an order's authorization. Repeating it has no effect.
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

// Void voids an order's authorization. Repeating it has no effect. If there is none, Void prevents a later Authorize.
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
	case p.Status == Declined, p.Method == "": // the provider never held any money
		return nil
	case p.Status == Captured:
		return ErrAlreadyCaptured
	}
	// The provider may hold money for a pending payment. It may even do so for a voided one: its authorization can have arrived
	// after the void, and the call that noticed that may have ended before it could void it.
	if err := s.voidAtProvider(ctx, p); err != nil {
		return fmt.Errorf("void: %w", err)
	}
	_, err = s.settle(ctx, p, Voided)
	return err
}

// voidAtProvider releases the money that the provider holds for a payment, if any.
func (s *Service) voidAtProvider(ctx context.Context, p Payment) error {
	_, err := retry(ctx, s.logger, func() (struct{}, error) { return struct{}{}, s.provider.Void(ctx, p) })
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	return err
}

// settle records what the provider has done: to is Captured or Voided. If a concurrent call was faster, its result counts.
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
