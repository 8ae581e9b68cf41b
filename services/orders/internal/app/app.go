// Package app puts the orders service together.
package app

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/audit"
	"souk/platform/config"
	"souk/platform/pgaudit"
	"souk/platform/pgdb"
	"souk/platform/pgkey"
	"souk/platform/service"

	"souk/services/orders/internal/events"
	"souk/services/orders/internal/feed"
	"souk/services/orders/internal/grpcapi"
	"souk/services/orders/internal/guest"
	"souk/services/orders/internal/orders"
	"souk/services/orders/internal/peers"
	"souk/services/orders/internal/postgres"
	"souk/services/orders/internal/sales"
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
	others, err := peers.New(svc.Dial)
	if err != nil {
		return err
	}
	settings := orders.Settings{Inline: cfg.Inline, Hold: cfg.Hold}
	store := postgres.New(pool, settings.DueAfter())
	shop := orders.New(store, others, settings, svc.Logger())
	svc.Background("due orders", shop.FinishDue)
	svc.Every(feed.Every, "deliveries", shop.FollowParcels)
	svc.Every(feed.Every, "payments", shop.FollowPayments)
	svc.Every(pgdb.MeasureEvery, "measure orders", store.Measure)
	svc.Every(pgdb.MeasureEvery, "measure due orders", postgres.DueOrders.Measure(pool))
	svc.WhileServing("watch", shop.Watch)
	svc.Background("abandoned orders", shop.FinishAbandoned)
	tickets := events.NewTickets(store, store)
	svc.Every(postgres.SweepClaimsEvery, "cart claims", store.DeleteClaims)
	svc.Every(events.SweepTicketsEvery, "event tickets", tickets.Sweep)
	if err := cfg.sendMails(svc, pool, store, others.Customers); err != nil {
		return err
	}
	guests := guest.New(store, others.Customers, svc.Logger())
	svc.Every(guest.FindEvery, "order lookups", guests.FindLookups)
	svc.Every(guest.SweepEvery, "lookup tokens", guests.Sweep)
	keys := grpcapi.Keys{Transaction: pgkey.NewFor(svc, pool), Steps: pgkey.NewSteps(pool)}
	sold := sales.New(postgres.NewSaleChanges(pool), store)
	ordersv1.RegisterOrdersServiceServer(svc.Server(), grpcapi.New(shop, tickets, guests, sold, keys))
	audit.Register(svc.Server(), pgaudit.New(pool))
	return svc.Run(ctx)
}
