package grpcapi

import (
	"context"

	ordersv1 "souk/proto/gen/souk/orders/v1"

	"souk/platform/admission"

	"souk/services/orders/internal/sales"
)

// WatchSales waits for sales and returns them.
func (s *Server) WatchSales(ctx context.Context, req *ordersv1.WatchSalesRequest) (*ordersv1.WatchSalesResponse, error) {
	admission.Yield(ctx) // it only waits
	page, err := s.sales.Page(ctx, req.GetPosition(), req.GetWait().AsDuration())
	if err != nil {
		return nil, statusError(err)
	}
	answer := &ordersv1.WatchSalesResponse{Position: page.Position, More: page.More}
	for _, sale := range page.Sales {
		answer.Sales = append(answer.Sales, saleProto(sale))
	}
	return answer, nil
}

func saleProto(sale sales.Sale) *ordersv1.Sale {
	told := &ordersv1.Sale{OrderId: sale.OrderID, Cancelled: sale.Cancelled}
	for _, line := range sale.Lines {
		told.Lines = append(told.Lines, &ordersv1.SaleLine{ProductId: line.ProductID, Sku: line.SKU, Quantity: line.Quantity})
	}
	return told
}
