// Package peers is responsible for the service that recommendations calls: orders, for its feed of sales.
package peers

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/services/recommendations/internal/recommendations"
)

// Sales is the feed of orders.
type Sales struct {
	client ordersv1.OrdersServiceClient
}

var _ recommendations.Sales = (*Sales)(nil)

// NewSales returns the feed of orders over a connection.
func NewSales(orders grpc.ClientConnInterface) *Sales {
	return &Sales{ordersv1.NewOrdersServiceClient(orders)}
}

// Since implements recommendations.Sales.
func (s *Sales) Since(ctx context.Context, position string, wait time.Duration) (recommendations.News, error) {
	answer, err := s.client.WatchSales(ctx, &ordersv1.WatchSalesRequest{Position: position, Wait: durationpb.New(wait)})
	if err != nil {
		return recommendations.News{}, fmt.Errorf("watch sales: %w", err)
	}
	news := recommendations.News{Position: answer.GetPosition(), More: answer.GetMore()}
	for _, sale := range answer.GetSales() {
		news.Baskets = append(news.Baskets, recommendations.Basket{OrderID: sale.GetOrderId(), Products: productsOf(sale)})
	}
	return news, nil
}

// productsOf returns the products of a sale in the order of its lines, each once. Lines without a product are left out.
func productsOf(sale *ordersv1.Sale) []string {
	var products []string
	known := map[string]bool{"": true}
	for _, line := range sale.GetLines() {
		if id := line.GetProductId(); !known[id] {
			known[id] = true
			products = append(products, id)
		}
	}
	return products
}
