// Package app assembles the payments service.
package app

import (
	"context"

	"github.com/jackc/pgx/v5/pgxpool"

	paymentsv1 "souk/proto/gen/souk/payments/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgfeed"
	"souk/platform/service"

	"souk/services/payments/internal/grpcapi"
	"souk/services/payments/internal/payments"
	"souk/services/payments/internal/postgres"
	"souk/services/payments/internal/simulator"
	"souk/services/payments/internal/stripe"
)

// Run serves payments until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("payments", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	provider, webhooks := cfg.provider(pool)
	books := payments.New(postgres.New(pool), provider, webhooks, svc.Logger())
	svc.Every(payments.FollowEvery, "follow", books.Follow)
	svc.Every(pgdb.MeasureEvery, "measure due payments", postgres.DuePayments.Measure(pool))
	feed := pgfeed.New(pool, "payments", "order_id")
	paymentsv1.RegisterPaymentsServiceServer(svc.Server(), grpcapi.New(books, feed))
	audit.Register(svc.Server(), pgaudit.New(pool))
	return svc.Run(ctx)
}

// provider returns the configured provider, and the readers of its webhook messages if there is a secret to verify them with.
// Without a secret, anybody could forge messages.
func (c Config) provider(pool *pgxpool.Pool) (payments.Provider, map[string]payments.EventReader) {
	webhooks := map[string]payments.EventReader{}
	if c.Provider == byStripe {
		if secret := c.Stripe.WebhookSecret; secret != "" {
			webhooks[byStripe] = stripe.Webhook(secret)
		}
		return stripe.New(stripe.Config{Key: string(c.Stripe.Key), URL: c.Stripe.URL}), webhooks
	}
	if secret := c.Simulator.WebhookSecret; secret != "" {
		webhooks[simulated] = simulator.Webhook(secret)
	}
	return simulator.New(pool, simulator.Config{Day: c.Simulator.Day}), webhooks
}
