// Package stripe adapts Stripe (https://docs.stripe.com/api) to payments.Provider. A payment is a PaymentIntent that is
// confirmed when it is created, and captured manually.
package stripe

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	stripego "github.com/stripe/stripe-go/v85"

	"souk/platform/telemetry"
	"souk/services/payments/internal/payments"
)

// timeout is the time limit for one request. Most callers have a much earlier deadline.
const timeout = 30 * time.Second

// The names of the shop's references in Stripe's metadata.
const (
	paymentKey = "souk_payment"
	refundKey  = "souk_refund"
)

// Config contains the settings for Stripe.
type Config struct {
	Key string
	// URL is empty for Stripe itself.
	URL string
}

// Provider implements payments.Provider.
type Provider struct {
	client *stripego.Client
}

var _ payments.Provider = (*Provider)(nil)

// New returns a provider. The library's retries and logging are off, because the package payments retries and logs by itself.
func New(cfg Config) *Provider {
	backend := &stripego.BackendConfig{
		HTTPClient:        &http.Client{Timeout: timeout, Transport: telemetry.Transport(http.DefaultTransport)},
		LeveledLogger:     &stripego.LeveledLogger{Level: stripego.LevelNull},
		MaxNetworkRetries: stripego.Int64(0),
		EnableTelemetry:   stripego.Bool(false),
	}
	if cfg.URL != "" {
		backend.URL = stripego.String(cfg.URL)
	}
	return &Provider{client: stripego.NewClient(cfg.Key, stripego.WithBackends(stripego.NewBackendsWithConfig(backend)))}
}

// Authorize implements payments.Provider. For 24 hours, Stripe answers a create request with the same key as the first time. So
// a repeated request returns the outcome of the first one, even if that answer was lost.
func (s *Provider) Authorize(ctx context.Context, p payments.Payment) (payments.Authorization, error) {
	intent, err := s.create(ctx, p)
	if err != nil {
		return payments.Authorization{}, err
	}
	return authorization(intent), nil
}

// create creates the intent of a payment, or returns the one that it created before. A decline is not an error. Neither is another
// final refusal, because Stripe would refuse the same request again.
func (s *Provider) create(ctx context.Context, p payments.Payment) (*stripego.PaymentIntent, error) {
	amount, err := toStripe(p.Amount)
	if err != nil {
		return declined("invalid_amount"), nil // a refusal is not an error
	}
	params := &stripego.PaymentIntentCreateParams{
		Amount:                stripego.Int64(amount),
		Currency:              stripego.String(strings.ToLower(p.Amount.Currency)),
		CaptureMethod:         stripego.String(stripego.PaymentIntentCaptureMethodManual),
		Confirm:               stripego.Bool(true),
		ErrorOnRequiresAction: stripego.Bool(true), // the shopper cannot take part in an authentication
		PaymentMethod:         stripego.String(p.Method),
		PaymentMethodTypes:    stripego.StringSlice([]string{"card"}),
		Metadata:              map[string]string{paymentKey: p.Reference},
	}
	params.SetIdempotencyKey(p.Reference)
	params.AddExpand("latest_charge")
	intent, err := s.client.V1PaymentIntents.Create(ctx, params)
	var refusal *stripego.Error
	switch {
	case err == nil:
		return intent, nil
	case !errors.As(err, &refusal), !definite(refusal):
		return nil, failure(err)
	case invalid(refusal) && refusal.Param == "payment_method" && refusal.PaymentIntent == nil:
		return nil, payments.ErrUnknownMethod
	default:
		intent = declined(reason(refusal))
		if refusal.PaymentIntent != nil {
			intent.ID = refusal.PaymentIntent.ID
		}
		return intent, nil
	}
}

// declined returns an intent like Stripe's intent for a declined card.
func declined(reason string) *stripego.PaymentIntent {
	return &stripego.PaymentIntent{
		Status:           stripego.PaymentIntentStatusRequiresPaymentMethod,
		LastPaymentError: &stripego.Error{Code: stripego.ErrorCode(reason)},
	}
}

// Lookup implements payments.Provider.
func (s *Provider) Lookup(ctx context.Context, p payments.Payment) (payments.Standing, error) {
	intent, err := s.find(ctx, p)
	if err != nil {
		return payments.Standing{}, err
	}
	return payments.Standing{Authorization: authorization(intent), ProviderBooks: booksOf(intent)}, nil
}

// find returns the intent of a payment, or ErrNotFound. If Stripe's name for it is not known, it searches; new intents appear
// in searches only after about a minute.
func (s *Provider) find(ctx context.Context, p payments.Payment) (*stripego.PaymentIntent, error) {
	if p.ProviderID != "" {
		params := &stripego.PaymentIntentRetrieveParams{}
		params.AddExpand("latest_charge")
		intent, err := s.client.V1PaymentIntents.Retrieve(ctx, p.ProviderID, params)
		if missing(err) {
			return nil, payments.ErrNotFound
		}
		return intent, failure(err)
	}
	params := &stripego.PaymentIntentSearchParams{}
	params.Query = fmt.Sprintf("metadata['%s']:'%s'", paymentKey, p.Reference)
	params.AddExpand("data.latest_charge")
	found := s.client.V1PaymentIntents.Search(ctx, params)
	switch {
	case found.Err() != nil:
		return nil, failure(found.Err())
	case len(found.Data()) == 0:
		return nil, payments.ErrNotFound
	default:
		return found.Data()[0], nil
	}
}

// Capture implements payments.Provider. It sends no fixed idempotency key, because an intent can be captured only once. With a
// fixed key, Stripe would repeat an earlier failure. The same is true for Void.
func (s *Provider) Capture(ctx context.Context, p payments.Payment) (askAt time.Time, err error) {
	return time.Time{}, s.capture(ctx, p)
}

func (s *Provider) capture(ctx context.Context, p payments.Payment) error {
	id, err := s.id(ctx, p)
	if errors.Is(err, payments.ErrNotFound) {
		return payments.ErrNotAuthorized
	}
	if err != nil {
		return err
	}
	_, err = s.client.V1PaymentIntents.Capture(ctx, id, nil)
	if !refused(err) {
		return failure(err)
	}
	p.ProviderID = id
	intent, err := s.find(ctx, p)
	if err == nil && booksOf(intent).Captured != p.Amount {
		err = payments.ErrNotAuthorized
	}
	return err
}

// Void implements payments.Provider. It never repeats the create request, because that could authorize money. So it returns
// ErrNotFound for a payment that Stripe's search does not find yet.
func (s *Provider) Void(ctx context.Context, p payments.Payment) error {
	id, err := s.id(ctx, p)
	if err != nil {
		return err
	}
	_, err = s.client.V1PaymentIntents.Cancel(ctx, id, nil)
	if !refused(err) {
		return failure(err)
	}
	p.ProviderID = id
	intent, err := s.find(ctx, p)
	switch {
	case err != nil:
		return err
	case intent.Status == stripego.PaymentIntentStatusSucceeded:
		return payments.ErrAlreadyCaptured
	case intent.Status == stripego.PaymentIntentStatusCanceled:
		return nil
	default: // for example processing: the bank has not decided yet
		return fmt.Errorf("%w: stripe: %s cannot be canceled, it is %s", payments.ErrOutcomeUnknown, id, intent.Status)
	}
}

// id returns Stripe's name for a payment, or ErrNotFound.
func (s *Provider) id(ctx context.Context, p payments.Payment) (string, error) {
	if p.ProviderID != "" {
		return p.ProviderID, nil
	}
	intent, err := s.find(ctx, p)
	if err != nil {
		return "", err
	}
	return intent.ID, nil
}

// booksOf returns the open, captured and refunded money. Stripe's amount_refunded also contains money that was never captured, but
// released, so that is subtracted.
func booksOf(intent *stripego.PaymentIntent) payments.ProviderBooks {
	var refunded int64
	if charge := intent.LatestCharge; charge != nil && charge.Captured {
		refunded = max(charge.AmountRefunded-(charge.Amount-charge.AmountCaptured), 0)
	}
	currency := strings.ToUpper(string(intent.Currency))
	return payments.ProviderBooks{
		Open: fromStripe(intent.AmountCapturable, currency), Captured: fromStripe(intent.AmountReceived, currency),
		Refunded: fromStripe(refunded, currency),
	}
}
