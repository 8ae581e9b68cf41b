// Package app puts the orders service together.
package app

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/config"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/orders/internal/grpcapi"
	"souk/services/orders/internal/job"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peers"
	"souk/services/orders/internal/postgres"
)

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
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	// What needs the database, and would fail if it went away just now.
	await := func(work func(context.Context) error) func(context.Context) error {
		return func(ctx context.Context) error { return pgdb.Await(ctx, svc.Logger(), work) }
	}
	if err := await(func(ctx context.Context) error { return job.Migrate(ctx, pool) })(ctx); err != nil {
		return err
	}
	others, err := peers.New(svc.Dial)
	if err != nil {
		return err
	}
	settings := orders.Settings{Inline: cfg.Inline, Hold: cfg.Hold}
	queue, err := job.NewQueue(pool, settings.JobDelay(), svc.Logger())
	if err != nil {
		return err
	}
	store := postgres.New(pool, queue)
	checkout := orders.New(store, others, settings, svc.Logger())
	runner, err := job.NewRunner(pool, checkout.Advance, svc.Logger())
	if err != nil {
		return err
	}
	svc.Background("jobs", await(runner.Run))
	svc.Every(job.RescueEvery, "rescue", runner.Rescue)
	svc.Every(orders.FollowEvery, "deliveries", checkout.FollowParcels)
	svc.WhileServing("watch", checkout.Watch)
	svc.Background("adopt", checkout.Adopt)
	keys := grpcapi.Keys{Transaction: pgkey.NewFor(svc, pool), Steps: pgkey.NewSteps(pool)}
	tickets := orders.NewTickets(checkout, store)
	svc.Every(orders.SweepTicketsEvery, "event tickets", tickets.Sweep)
	ordersv1.RegisterOrdersServiceServer(svc.Server(), grpcapi.New(checkout, tickets, keys))
	return svc.Run(ctx)
}
