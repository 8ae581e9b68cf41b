package feed

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	inventoryv1 "souk/proto/gen/souk/inventory/v1"
)

// Products returns an Ask for changed products, by catalog.
func Products(client catalogv1.CatalogServiceClient) Ask {
	return func(ctx context.Context, position string, wait time.Duration) (News, error) {
		answer, err := client.WatchProducts(ctx, &catalogv1.WatchProductsRequest{Position: position, Wait: durationpb.New(wait)})
		news := News{Position: answer.GetPosition(), Reset: answer.GetReset_()}
		for _, change := range answer.GetChanges() {
			news.Changes = append(news.Changes, Change{ID: change.GetId(), At: change.GetAt()})
		}
		return news, err
	}
}

// firstLimits are those of a version of inventory that does not name its limits: sold out below 1, low below 6.
var firstLimits = []int64{1, 6}

// Availability returns an Ask for SKUs whose availability has changed, by inventory.
func Availability(client inventoryv1.InventoryServiceClient) Ask {
	return func(ctx context.Context, position string, wait time.Duration) (News, error) {
		answer, err := client.WatchAvailability(ctx, &inventoryv1.WatchAvailabilityRequest{Position: position, Wait: durationpb.New(wait)})
		news := News{Position: answer.GetPosition(), Reset: answer.GetReset_(), Limits: answer.GetLimits()}
		if err == nil && len(news.Limits) == 0 {
			news.Limits = firstLimits
		}
		for _, change := range answer.GetChanges() {
			news.Changes = append(news.Changes, Change{ID: change.GetSku(), At: change.GetAt()})
		}
		return news, err
	}
}
