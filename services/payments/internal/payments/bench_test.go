package payments_test

import (
	"log/slog"
	"testing"

	"github.com/google/uuid"

	"souk/testkit/pgtest"

	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
)

// BenchmarkPayment authorizes and captures payments, one after another.
func BenchmarkPayment(b *testing.B) {
	pool := pgtest.New(b, postgres.Migrations)
	s := payments.New(postgres.New(pool), simulator.New(pool, simulator.Config{}), nil, slog.New(slog.DiscardHandler))
	b.ResetTimer()
	for range b.N {
		order := uuid.NewString()
		if _, err := s.Authorize(b.Context(), order, price, simulator.Visa); err != nil {
			b.Fatal(err)
		}
		if _, err := s.Capture(b.Context(), order); err != nil {
			b.Fatal(err)
		}
	}
}
