// Package app puts the carts service together.
package app

import (
	"context"

	cartsv1 "souk/proto/gen/souk/carts/v1"

	"souk/platform/config"
	"souk/platform/mongodb"
	"souk/platform/service"

	"souk/services/carts/internal/carts"
	"souk/services/carts/internal/grpcapi"
	"souk/services/carts/internal/mongo"
)

// Config is everything carts can be told from outside.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"CARTS_"`
	Database mongodb.Config `envPrefix:"CARTS_"`
}

// Run serves carts until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("carts", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	db, err := mongodb.Open(ctx, cfg.Database, svc.Logger())
	if err != nil {
		return err
	}
	svc.OnStop(func() { _ = db.Client().Disconnect(context.WithoutCancel(ctx)) })
	svc.Require("mongo", func(ctx context.Context) error { return db.Client().Ping(ctx, nil) })
	store := mongo.New(db)
	if err := mongodb.Await(ctx, svc.Logger(), store.Prepare); err != nil {
		return err
	}
	held := carts.New(store)
	svc.Every(carts.SweepEvery, "sweep", held.Sweep)
	cartsv1.RegisterCartsServiceServer(svc.Server(), grpcapi.New(held))
	return svc.Run(ctx)
}
