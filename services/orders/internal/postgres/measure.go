package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"souk/services/orders/internal/order"
)

var (
	attention = promauto.NewGaugeVec(prometheus.GaugeOpts{
		Name: "souk_orders_attention", Help: "Orders that a person has to look at, by the reason; a thousand at most.",
	}, []string{"reason"})
	oldestAuthorization = promauto.NewGauge(prometheus.GaugeOpts{
		Name: "souk_authorization_expiry_timestamp_seconds", Help: "When the oldest authorization ends that is neither captured nor voided; 0 if there is none.",
	})
)

const (
	// authorizationLife is how long an authorization lasts: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method
	authorizationLife = 7 * 24 * time.Hour
	// mostMeasured bounds the cost of counting.
	mostMeasured = 1000
)

const selectOldestAuthorization = `SELECT min(created_at) FROM orders WHERE status = 'confirmed' AND payment_status = 'authorized'`

// Measure sets the metrics of the orders as they are saved.
func (s *Store) Measure(ctx context.Context) error {
	for _, reason := range order.AllAttention {
		var t terms
		t.addAttention([]order.Attention{reason})
		query := fmt.Sprintf("SELECT count(*) FROM (SELECT FROM orders WHERE %s LIMIT %s) found", t.all[0], t.arg(mostMeasured))
		var n int64
		if err := s.pool.QueryRow(ctx, query, t.args...).Scan(&n); err != nil {
			return fmt.Errorf("count orders before staff: %w", err)
		}
		attention.WithLabelValues(string(reason)).Set(float64(n))
	}
	var oldest *time.Time
	if err := s.pool.QueryRow(ctx, selectOldestAuthorization).Scan(&oldest); err != nil {
		return fmt.Errorf("oldest authorization: %w", err)
	}
	expiry := 0.0
	if oldest != nil {
		expiry = float64(oldest.Add(authorizationLife).Unix())
	}
	oldestAuthorization.Set(expiry)
	return nil
}
