// Package app puts the orders service together.
package app

import (
	"context"
	"time"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/config"
	"souk/platform/idempotency"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/orders/internal/grpcapi"
	"souk/services/orders/internal/job"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peers"
	"souk/services/orders/internal/postgres"
)

// How often the keys of old requests are looked for.
const sweepEvery = time.Hour

// Run serves orders until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("orders", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.Open(ctx, cfg.Database, postgres.Migrations, svc.Logger())
	if err != nil {
		return err
	}
	svc.OnStop(pool.Close)
	// What needs the database, and would fail if it went away just now.
	await := func(work func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { return pgdb.Await(ctx, svc.Logger(), work) }
	}
	if err := await(func(ctx context.Context) error { return job.Migrate(ctx, pool) })(ctx); err != nil {
		return err
	}
	health := pgdb.NewHealth(pool)
	svc.OnStop(health.Close)
	svc.Require("postgres", health.Check)
	others, err := peers.New(svc.Dial)
	if err != nil {
		return err
	}
	settings := orders.Settings{Inline: cfg.Inline, Hold: cfg.Hold}
	queue, err := job.NewQueue(pool, settings.JobDelay(), svc.Logger())
	if err != nil {
		return err
	}
	checkout := orders.New(postgres.New(pool, queue), others, settings, svc.Logger())
	runner, err := job.NewRunner(pool, checkout.Advance, svc.Logger())
	if err != nil {
		return err
	}
	svc.Background("jobs", await(runner.Run))
	svc.Every(job.RescueEvery, "rescue", runner.Rescue)
	svc.Every(orders.TrackEvery, "deliveries", checkout.TrackDeliveries)
	svc.WhileServing("watch", checkout.Watch)
	svc.Background("adopt", checkout.Adopt)
	svc.Every(sweepEvery, "keys", checkout.SweepKeys)
	keys := pgkey.NewTransaction(pool)
	svc.Every(idempotency.SweepEvery, "returns' keys", keys.Sweep)
	ordersv1.RegisterOrdersServiceServer(svc.Server(), grpcapi.New(checkout, keys))
	return svc.Run(ctx)
}
