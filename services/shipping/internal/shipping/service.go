package shipping

import (
	"cmp"
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

// Ship hands an order's parcel to the carrier at once. Repeating it returns the existing shipment, and a booked parcel is handed over.
// Only instances of orders of the version before need it.
func (s *Service) Ship(ctx context.Context, orderID, optionID string, to Destination, weightGrams int64) (Shipment, error) {
	orderID, err := checkParcel(orderID, to, weightGrams, &field.Checker{})
	if err != nil {
		return Shipment{}, err
	}
	// An existing shipment is returned even if its option no longer exists.
	found, err := s.store.ByOrders(ctx, []string{orderID})
	if err != nil {
		return Shipment{}, err
	}
	if len(found) > 0 {
		return s.handedOver(ctx, found[0])
	}
	sh, err := s.bookWithCarrier(ctx, BookingRef{OrderID: orderID}, optionID, to, weightGrams)
	if err != nil {
		return Shipment{}, err
	}
	sh.Status, sh.Events = LabelCreated, []Event{LabelCreatedAt(sh.CreatedAt)}
	if sh, err = s.store.Create(ctx, sh); err != nil {
		return Shipment{}, err
	}
	return s.handedOver(ctx, sh)
}

// handedOver hands a parcel over if it is only booked.
func (s *Service) handedOver(ctx context.Context, sh Shipment) (Shipment, error) {
	if sh.Status != Booked {
		return sh, nil
	}
	return s.store.HandOver(ctx, BookingRef{sh.OrderID, sh.BookingID}, time.Now().UTC())
}

// checkParcel checks what is to be shipped, and returns the order's id in its canonical spelling.
func checkParcel(orderID string, to Destination, weightGrams int64, check *field.Checker) (string, error) {
	orderID = check.CheckID("order_id", orderID)
	checkDestination(check, to)
	check.Check(weightGrams >= 0 && weightGrams <= maxWeight, "weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	return orderID, check.Err()
}

// bookWithCarrier books a parcel with the carrier, and returns the shipment that is to be stored. The carrier knows the booking by its
// id or, without one, by the id of its order.
func (s *Service) bookWithCarrier(ctx context.Context, ref BookingRef, optionID string, to Destination, weightGrams int64) (Shipment, error) {
	option, err := s.option(ctx, to.Country, weightGrams, optionID)
	if err != nil {
		return Shipment{}, err
	}
	reference := cmp.Or(ref.ID, ref.OrderID)
	number, err := s.carrier.Book(ctx, Booking{Reference: reference, Service: option.Service, Destination: to, WeightGrams: weightGrams})
	if err != nil {
		return Shipment{}, fmt.Errorf("book with the carrier: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Shipment{}, err
	}
	return Shipment{
		ID: id.String(), OrderID: ref.OrderID, BookingID: ref.ID, OptionID: option.ID, Carrier: option.Carrier, Service: option.Service,
		TrackingNumber: number, Status: Booked, CreatedAt: time.Now().UTC(),
	}, nil
}

// LabelCreatedAt is the event that the carrier got a parcel.
func LabelCreatedAt(at time.Time) Event {
	return Event{At: at, Status: LabelCreated, Detail: "label created"}
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
