package shipping

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"souk/platform/country"
	"souk/platform/field"
	"souk/platform/money"
)

const (
	// 10,000 kg; what is heavier is no parcel.
	maxWeight     = 10_000_000
	maxOrders     = 100
	maxPostalCode = 20
	trackBatch    = 100
	trackEvery    = time.Second
)

// Service quotes, ships and tracks.
type Service struct {
	store    Store
	carrier  Carrier
	currency string
}

// New returns a service whose rates are in currency (ISO 4217).
func New(store Store, carrier Carrier, currency string) *Service {
	return &Service{store: store, carrier: carrier, currency: currency}
}

// Quote lists the ways to send a weight to a place, the cheapest first.
func (s *Service) Quote(ctx context.Context, to Destination, weightGrams int64, currency string) ([]Option, error) {
	var check field.Checker
	checkDestination(&check, to)
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

// checkDestination checks the fields as the REST contract names them.
func checkDestination(check *field.Checker, to Destination) {
	check.Check(country.Valid(to.Country), "address.country", "must be an ISO 3166-1 alpha-2 code")
	ok := utf8.ValidString(to.PostalCode) && utf8.RuneCountInString(to.PostalCode) <= maxPostalCode && !strings.ContainsRune(to.PostalCode, 0)
	check.Check(ok, "address.postal_code", fmt.Sprintf("must have at most %d characters", maxPostalCode))
	if to.Country == "GB" {
		check.Check(strings.TrimSpace(to.PostalCode) != "", "address.postal_code", "is required in GB")
	}
}

// Ship hands an order's parcel to the carrier; the same order again returns the shipment it has.
func (s *Service) Ship(ctx context.Context, orderID, optionID string, to Destination, weightGrams int64) (Shipment, error) {
	var check field.Checker
	_, err := uuid.Parse(orderID)
	check.Check(err == nil, "order_id", "is not an id")
	checkDestination(&check, to)
	check.Check(weightGrams >= 0 && weightGrams <= maxWeight, "weight_grams", fmt.Sprintf("must be 0 to %d", maxWeight))
	if err := check.Err(); err != nil {
		return Shipment{}, err
	}
	option, err := s.option(ctx, to.Country, weightGrams, optionID)
	if err != nil {
		return Shipment{}, err
	}
	number, err := s.carrier.Book(ctx, Booking{OrderID: orderID, Service: option.Service, Destination: to, WeightGrams: weightGrams})
	if err != nil {
		return Shipment{}, fmt.Errorf("book with the carrier: %w", err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Shipment{}, err
	}
	now := time.Now().UTC()
	return s.store.Create(ctx, Shipment{
		ID: id.String(), OrderID: orderID, OptionID: optionID, Carrier: option.Carrier, Service: option.Service,
		TrackingNumber: number, Status: LabelCreated, CreatedAt: now,
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

// Shipments returns the shipments of up to 100 orders.
func (s *Service) Shipments(ctx context.Context, orderIDs []string) ([]Shipment, error) {
	if len(orderIDs) > maxOrders {
		return nil, field.Invalid("order_ids", fmt.Sprintf("must have at most %d items", maxOrders))
	}
	for i, id := range orderIDs {
		if _, err := uuid.Parse(id); err != nil {
			return nil, field.Invalid(fmt.Sprintf("order_ids[%d]", i), "is not an id")
		}
	}
	return s.store.ByOrders(ctx, orderIDs)
}

// Follow asks the carrier where parcels are until ctx is done. Any number of replicas may follow at once. A
// store or carrier that is away is tried again; report is told.
func (s *Service) Follow(ctx context.Context, report func(error)) error {
	tick := time.NewTicker(trackEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
			if err := s.follow(ctx); err != nil && ctx.Err() == nil {
				report(err)
			}
		}
	}
}

func (s *Service) follow(ctx context.Context) error {
	moving, err := s.store.Moving(ctx, trackBatch)
	if err != nil {
		return err
	}
	for _, shipment := range moving {
		events, err := s.carrier.Track(ctx, shipment.TrackingNumber, shipment.CreatedAt)
		if err != nil {
			return fmt.Errorf("track %s: %w", shipment.TrackingNumber, err)
		}
		if len(events) == 0 || events[len(events)-1].Status == shipment.Status {
			continue
		}
		if err := s.store.Record(ctx, shipment.ID, events); err != nil {
			return err
		}
	}
	return nil
}
