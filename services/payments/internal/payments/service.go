package payments

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/google/uuid"

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
	showWebhooks(webhooks)
	return &Service{store: store, provider: provider, webhooks: webhooks, logger: logger}
}

// Authorize asks the provider to hold the amount for an order. A decline is not an error but a payment with the status
// Declined. The payment is stored before the provider is asked, so that a repeated call finds it and asks the provider with the
// same reference.
func (s *Service) Authorize(ctx context.Context, orderID string, amount money.Money, methodName string) (Payment, error) {
	return s.authorize(ctx, orderID, amount, methodName, true)
}

// AuthorizeRestored is Authorize after the database was restored from a time before. The provider may know a payment that is new here, so
// it is asked about it first.
func (s *Service) AuthorizeRestored(ctx context.Context, orderID string, amount money.Money, methodName string) (Payment, error) {
	return s.authorize(ctx, orderID, amount, methodName, false)
}

// authorize authorizes a payment. trusted means that the provider does not know a payment that is new here.
func (s *Service) authorize(ctx context.Context, orderID string, amount money.Money, methodName string, trusted bool) (Payment, error) {
	orderID, err := checkAuthorize(orderID, amount, methodName)
	if err != nil {
		return Payment{}, err
	}
	wanted, err := newPayment(orderID, Pending, amount, methodName)
	if err != nil {
		return Payment{}, err
	}
	p, err := s.store.Begin(ctx, wanted, askFirst(Pending))
	if err != nil {
		return Payment{}, err
	}
	fresh := trusted && p.ID == wanted.ID
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
	return s.record(ctx, p, answer, false)
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
		found, err := s.lookup(ctx, p)
		if !errors.Is(err, ErrNotFound) {
			return decided(found.Authorization, err)
		}
	}
	answer, err := retry(ctx, s.logger, func() (Authorization, error) { return s.provider.Authorize(ctx, p) })
	if errors.Is(err, ErrUnknownMethod) {
		return Authorization{Status: Declined, Reason: "unknown_payment_method"}, nil
	}
	return decided(answer, err)
}

// decided returns ErrOutcomeUnknown if the bank has not decided yet.
func decided(answer Authorization, err error) (Authorization, error) {
	if err == nil && answer.Status == Pending {
		err = ErrOutcomeUnknown
	}
	return answer, err
}

func (s *Service) lookup(ctx context.Context, p Payment) (Standing, error) {
	return retry(ctx, s.logger, func() (Standing, error) { return s.provider.Lookup(ctx, p) })
}

// record stores the provider's answer. unasked is true if no call by orders waits for it.
func (s *Service) record(ctx context.Context, p Payment, answer Authorization, unasked bool) (Payment, error) {
	p.ProviderID = answer.ProviderID
	moved, err := s.move(ctx, p, Change{
		To: answer.Status, DeclineReason: answer.Reason, VoidReason: answer.VoidReason, Unasked: unasked, AskAt: answer.AskAt,
	})
	if !errors.Is(err, ErrChanged) {
		return moved, err
	}
	// A concurrent call stored the same answer first, or a concurrent void did not find this authorization at the provider.
	now, err := s.store.Find(ctx, p.OrderID)
	if err == nil && now.Status == Voided && answer.Status == Authorized {
		now.ProviderID = answer.ProviderID
		err = s.voidAtProvider(ctx, now)
	}
	return now, err
}

// move stores a change with its movements in the ledger. change.AskAt is when the provider expects news, if it can tell.
func (s *Service) move(ctx context.Context, p Payment, change Change) (Payment, error) {
	change.AskAt = earlier(askFirst(change.To), change.AskAt)
	return s.store.Move(ctx, p, change, movementsOf(p, change))
}

// settle stores what the provider has done: change.To is Captured or Voided. If a concurrent call was faster, its result counts:
// if that rules the change out, settle returns ErrAlreadyCaptured or ErrNotAuthorized.
func (s *Service) settle(ctx context.Context, p Payment, change Change) (Payment, error) {
	for p.Status.CanBecome(change.To) {
		moved, err := s.move(ctx, p, change)
		if !errors.Is(err, ErrChanged) {
			return moved, err
		}
		if p, err = s.store.Find(ctx, p.OrderID); err != nil {
			return Payment{}, err
		}
	}
	switch {
	case p.Status == change.To, change.To == Voided && p.Status == Declined:
		return p, nil
	case change.To == Voided:
		return Payment{}, ErrAlreadyCaptured
	default:
		return Payment{}, ErrNotAuthorized
	}
}
