// Package app puts the recommendations service together.
package app

import (
	"context"

	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"

	"souk/platform/config"
	"souk/platform/pgdb"
	"souk/platform/service"

	"souk/services/recommendations/internal/grpcapi"
	"souk/services/recommendations/internal/peers"
	"souk/services/recommendations/internal/postgres"
	"souk/services/recommendations/internal/recommendations"
)

// Config is everything recommendations can be told from outside.
type Config struct {
	Service  service.Config
	Listen   service.Listen `envPrefix:"RECOMMENDATIONS_"`
	Database pgdb.Config    `envPrefix:"RECOMMENDATIONS_"`
}

// Run serves recommendations until ctx is done.
func Run(ctx context.Context) error {
	var cfg Config
	if err := config.Load(&cfg); err != nil {
		return err
	}
	svc, err := service.New("recommendations", cfg.Service, cfg.Listen)
	if err != nil {
		return err
	}
	pool, err := pgdb.OpenFor(ctx, svc, cfg.Database, postgres.Migrations)
	if err != nil {
		return err
	}
	orders, err := svc.Dial("orders")
	if err != nil {
		return err
	}
	recommender := recommendations.New(postgres.New(pool), peers.NewSales(orders), recommendations.MostBaskets)
	svc.Require("model", recommender.Ready)
	svc.Every(recommendations.FollowEvery, "sales", recommender.Follow)
	svc.Every(recommendations.LearnEvery, "learn", recommender.Learn)
	recommendationsv1.RegisterRecommendationsServiceServer(svc.Server(), grpcapi.New(recommender))
	return svc.Run(ctx)
}
