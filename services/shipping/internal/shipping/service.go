package shipping

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"
	"souk/platform/postal"
)

const (
	// The weight of the heaviest possible cart, in grams: 2,000 lines of 100,000 pieces of 1,000 kg.
	maxWeight = 2_000 * 100_000 * 1_000_000
	maxOrders = 100
	maxPostal = 200
)

// Service quotes, ships and tracks parcels.
type Service struct {
	store    Store
	carrier  Carrier
	currency string
}

// New returns a service whose prices are in currency, an ISO 4217 code.
func New(store Store, carrier Carrier, currency string) *Service {
	return &Service{store: store, carrier: carrier, currency: currency}
}

// Quote returns the shipping options for a weight and a destination, the cheapest first.
func (s *Service) Quote(ctx context.Context, to Destination, weightGrams int64, currency string) ([]Option, error) {
	var check field.Checker
	checkDestination(&check, to)
	problem := postal.CheckCode(to.Country, to.PostalCode)
	check.Check(problem == "", "destination.postal_code", problem)
	check.Check(currency == s.currency, "currency", "must be "+s.currency)
	check.Check(weightGrams >= 0 && weightGrams <= maxWeight, "weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	if err := check.Err(); err != nil {
		return nil, err
	}
	options, err := s.store.Options(ctx, to.Country, weightGrams)
	for i := range options {
		options[i].Price = money.New(options[i].Price.Amount, s.currency)
	}
	return options, err
}

// checkDestination checks a destination. Fields are named as in the contract. The format of a postal code is checked for
// quotes, but not again when the parcel is shipped.
func checkDestination(check *field.Checker, to Destination) {
	check.Check(postal.ValidCountry(to.Country), "destination.country", "must be an ISO 3166-1 alpha-2 code")
	check.CheckLine("destination.postal_code", to.PostalCode, false, maxPostal)
}

// Ship books an order's parcel with the carrier. Repeating it returns the existing shipment.
func (s *Service) Ship(ctx context.Context, orderID, optionID string, to Destination, weightGrams int64) (Shipment, error) {
	var check field.Checker
	orderID, ok := identifier.Canonical(orderID)
	check.Check(ok, "order_id", "is not an id")
	checkDestination(&check, to)
	check.Check(weightGrams >= 0 && weightGrams <= maxWeight, "weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	if err := check.Err(); err != nil {
		return Shipment{}, err
	}
	// An existing shipment is returned even if its option no longer exists.
	found, err := s.store.ByOrders(ctx, []string{orderID})
	if err != nil {
		return Shipment{}, err
	}
	if len(found) > 0 {
		return found[0], nil
	}
	option, err := s.option(ctx, to.Country, weightGrams, optionID)
	if err != nil {
		return Shipment{}, err
	}
	number, err := s.carrier.Book(ctx, Booking{OrderID: orderID, Service: option.Service, Destination: to, WeightGrams: weightGrams})
	if err != nil {
		return Shipment{}, fmt.Errorf("book with the carrier: %w", err)
	}
	return s.create(ctx, orderID, option, number)
}

// create stores a parcel that was booked with the carrier.
func (s *Service) create(ctx context.Context, orderID string, option Option, trackingNumber string) (Shipment, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Shipment{}, err
	}
	now := time.Now().UTC()
	return s.store.Create(ctx, Shipment{
		ID: id.String(), OrderID: orderID, OptionID: option.ID, Carrier: option.Carrier, Service: option.Service,
		TrackingNumber: trackingNumber, Status: LabelCreated, CreatedAt: now,
		Events: []Event{{At: now, Status: LabelCreated, Detail: "label created"}},
	})
}

func (s *Service) option(ctx context.Context, country string, weightGrams int64, id string) (Option, error) {
	options, err := s.store.Options(ctx, country, weightGrams)
	if err != nil {
		return Option{}, err
	}
	for _, o := range options {
		if o.ID == id {
			return o, nil
		}
	}
	return Option{}, ErrUnknownOption
}

// Shipments returns the shipments of up to 100 orders. Invalid IDs have none.
func (s *Service) Shipments(ctx context.Context, orderIDs []string) ([]Shipment, error) {
	if len(orderIDs) > maxOrders {
		return nil, field.Invalid("order_ids", fmt.Sprintf("must have at most %d items", maxOrders))
	}
	asked := make([]string, 0, len(orderIDs))
	for _, id := range orderIDs {
		if id, ok := identifier.Canonical(id); ok {
			asked = append(asked, id)
		}
	}
	return s.store.ByOrders(ctx, asked)
}
