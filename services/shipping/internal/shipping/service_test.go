package shipping_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"souk/platform/field"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/postgres"
	"souk/services/shipping/internal/shipping"
	"souk/services/shipping/internal/simulator"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func setup(t *testing.T, transit time.Duration) *shipping.Service {
	t.Helper()
	pool := pgtest.New(t, postgres.Migrations)
	return shipping.New(postgres.New(pool), simulator.New(transit, time.Now), "GBP")
}

var leeds = shipping.Destination{Country: "GB", PostalCode: "LS1 6DT"}

func TestQuotePricesByWeightAndZone(t *testing.T) {
	t.Parallel()
	s := setup(t, time.Hour)
	tests := []struct {
		to      shipping.Destination
		grams   int64
		option  string
		pence   int64
		choices int
	}{
		{leeds, 0, "royal-standard", 345, 3},
		{leeds, 1000, "royal-standard", 345, 3},
		{leeds, 1001, "royal-standard", 595, 3},
		{leeds, 20_000, "royal-standard", 1095, 3},
		{leeds, 20_001, "royal-standard", 1155, 3},
		{leeds, 21_000, "royal-standard", 1155, 3},
		{leeds, 21_001, "royal-standard", 1215, 3},
		{shipping.Destination{Country: "DE", PostalCode: "10115"}, 500, "europe-standard", 995, 2},
		{shipping.Destination{Country: "AU", PostalCode: "2060"}, 500, "world-standard", 1495, 2},
		{shipping.Destination{Country: "AE"}, 500, "world-standard", 1495, 2},
		{shipping.Destination{Country: "JP", PostalCode: "154-0023"}, 10_000_000, "world-standard", 8995 + 9980*520, 2},
		// 100,000 pieces of 200 g, and the heaviest possible cart.
		{leeds, 20_000_000, "royal-standard", 1095 + 19_980*60, 3},
		{leeds, 2_000 * 100_000 * 1_000_000, "royal-standard", 1095 + (200_000_000_000-20)*60, 3},
	}
	for _, test := range tests {
		options, err := s.Quote(t.Context(), test.to, test.grams, "GBP")
		if err != nil || len(options) != test.choices {
			t.Errorf("%s, %d g: %d options, %v; want %d", test.to.Country, test.grams, len(options), err, test.choices)
			continue
		}
		if got := options[0]; got.ID != test.option || got.Price.Amount != test.pence || got.Price.Currency != "GBP" {
			t.Errorf("%s, %d g: cheapest is %s at %s; want %s at %d", test.to.Country, test.grams, got.ID, got.Price, test.option, test.pence)
		}
		sorted := slices.IsSortedFunc(options, func(a, b shipping.Option) int { return int(a.Price.Amount - b.Price.Amount) })
		if !sorted {
			t.Errorf("%s, %d g: not the cheapest first: %v", test.to.Country, test.grams, options)
		}
	}
}

func TestQuoteErrorsNameTheFields(t *testing.T) {
	t.Parallel()
	s := setup(t, time.Hour)
	for want, quote := range map[string]func() error{
		"destination.country":     func() error { return quoteErr(t.Context(), s, shipping.Destination{Country: "ZZ"}, 1, "GBP") },
		"destination.postal_code": func() error { return quoteErr(t.Context(), s, shipping.Destination{Country: "GB"}, 1, "GBP") },
		"weight_grams":            func() error { return quoteErr(t.Context(), s, leeds, -1, "GBP") },
		"currency":                func() error { return quoteErr(t.Context(), s, leeds, 1, "USD") },
	} {
		var invalid *field.Error
		if err := quote(); !errors.As(err, &invalid) || invalid.Violations[0].Field != want {
			t.Errorf("err = %v, want a violation of %s", err, want)
		}
	}
}

func TestQuoteChecksPostalCodesByCountry(t *testing.T) {
	t.Parallel()
	s := setup(t, time.Hour)
	for _, to := range []shipping.Destination{{Country: "GB"}, {Country: "GB", PostalCode: "12345"}, {Country: "US", PostalCode: "ABC"}} {
		var invalid *field.Error
		if err := quoteErr(t.Context(), s, to, 1, "GBP"); !errors.As(err, &invalid) || invalid.Violations[0].Field != "destination.postal_code" {
			t.Errorf("%+v: err = %v, want a violation of destination.postal_code", to, err)
		}
	}
	// An order placed before its country's format was known can still be shipped.
	if _, err := s.Ship(t.Context(), uuid.NewString(), "royal-standard", shipping.Destination{Country: "GB", PostalCode: "12345"}, 1); err != nil {
		t.Errorf("ship: %v", err)
	}
}

func quoteErr(ctx context.Context, s *shipping.Service, to shipping.Destination, grams int64, currency string) error {
	_, err := s.Quote(ctx, to, grams, currency)
	return err
}

func TestShippingAnOrderAgainReturnsTheSameShipment(t *testing.T) {
	t.Parallel()
	s := setup(t, time.Hour)
	order := uuid.NewString()
	ids := make([]string, 10)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			sh, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500)
			if err != nil || sh.TrackingNumber == "" || len(sh.Events) != 1 {
				t.Errorf("ship: %+v, %v", sh, err)
			}
			ids[i] = sh.ID
		})
	}
	wg.Wait()
	if slices.Sort(ids); ids[0] != ids[len(ids)-1] {
		t.Errorf("several shipments: %v", slices.Compact(ids))
	}
	if _, err := s.Ship(t.Context(), uuid.NewString(), "europe-standard", leeds, 500); !errors.Is(err, shipping.ErrUnknownOption) {
		t.Errorf("an option of another zone: %v, want ErrUnknownOption", err)
	}
}

func TestParcelsMoveUntilTheyAreDelivered(t *testing.T) {
	t.Parallel()
	s := setup(t, time.Second)
	order := uuid.NewString()
	if _, err := s.Ship(t.Context(), order, "royal-standard", leeds, 500); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		if err := s.Follow(ctx); err != nil {
			t.Fatalf("follow: %v", err)
		}
		shipments, err := s.Shipments(ctx, []string{order})
		if err != nil {
			t.Fatalf("the parcel was not delivered in time: %v", err)
		}
		if sh := shipments[0]; sh.Status == shipping.Delivered {
			if len(sh.Events) != 4 || sh.Events[3].Status != shipping.Delivered || sh.Events[0].Status != shipping.LabelCreated {
				t.Errorf("events = %v, want the four of the journey in order", sh.Events)
			}
			return
		}
	}
}
