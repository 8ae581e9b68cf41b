package grpcapi_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/audit"
	"souk/platform/pgaudit"
	"souk/testkit/grpctest"
	"souk/testkit/pgtest"

	"souk/services/shipping/internal/postgres"
)

func TestEachChangeOfAParcelIsInTheAuditLogOnce(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client := shippingv1.NewShippingServiceClient(serveOn(t, pool).Conn)
	orders := grpctest.Service(t, "orders")
	quote, err := client.Quote(t.Context(), &shippingv1.QuoteRequest{Destination: leeds, WeightGrams: 500, Currency: "GBP"})
	if err != nil {
		t.Fatal(err)
	}
	order, first, second := uuid.NewString(), uuid.NewString(), uuid.NewString()
	book := func(booking string) {
		t.Helper()
		for range 2 {
			if _, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{
				OrderId: order, BookingId: booking, OptionId: quote.GetOptions()[0].GetId(), Destination: leeds, WeightGrams: 500,
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	book(first)
	for range 2 {
		if _, err := client.CancelShipment(orders, &shippingv1.CancelShipmentRequest{OrderId: order, BookingId: first}); err != nil {
			t.Fatal(err)
		}
	}
	book(second)
	for range 2 {
		if _, err := client.HandOverShipment(orders, &shippingv1.HandOverShipmentRequest{OrderId: order, BookingId: second}); err != nil {
			t.Fatal(err)
		}
	}
	expectLog(t, pool, order, audit.ParcelBooked, audit.BookingEnded, audit.ParcelBooked, audit.ParcelHandedOver)
}

// expectLog expects the entries of an order, the oldest first. Orders has made all changes.
func expectLog(t *testing.T, pool *pgxpool.Pool, order string, want ...audit.Action) {
	t.Helper()
	page, _, err := pgaudit.New(pool).List(t.Context(), audit.Filter{Subject: order, Limit: 100})
	var got []audit.Action
	for _, r := range slices.Backward(page) {
		got = append(got, r.Action)
		if r.Actor.Kind != audit.Service || r.Actor.ID != "orders" {
			t.Errorf("%+v", r)
		}
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("the log: %v, %v; want %v", got, err, want)
	}
}

func TestABookingThatIsReplacedOrRefusedEndsInTheAuditLog(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t, postgres.Migrations)
	client := shippingv1.NewShippingServiceClient(serveOn(t, pool).Conn)
	orders := grpctest.Service(t, "orders")
	create := func(order, option string) error {
		_, err := client.CreateShipment(orders, &shippingv1.CreateShipmentRequest{
			OrderId: order, BookingId: uuid.NewString(), OptionId: option, Destination: leeds, WeightGrams: 500,
		})
		return err
	}
	replaced, refused := uuid.NewString(), uuid.NewString()
	if err := errors.Join(create(replaced, "royal-standard"), create(replaced, "royal-standard")); err != nil {
		t.Fatal(err)
	}
	if err := create(refused, "no-such-option"); err == nil {
		t.Fatal("an unknown option was booked")
	}
	expectLog(t, pool, replaced, audit.ParcelBooked, audit.BookingEnded, audit.ParcelBooked)
	expectLog(t, pool, refused, audit.BookingEnded)
}
