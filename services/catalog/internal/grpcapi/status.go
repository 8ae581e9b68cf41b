package grpcapi

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

var statuses = map[catalogv1.ProductStatus]catalog.Status{
	catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED: "",
	catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE:      catalog.Active,
	catalogv1.ProductStatus_PRODUCT_STATUS_UNLISTED:    catalog.Unlisted,
	catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:       catalog.Draft,
	catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED:   catalog.Scheduled,
	catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN:   catalog.Withdrawn,
}

func statusProto(status catalog.Status) catalogv1.ProductStatus {
	for proto, s := range statuses {
		if s == status {
			return proto
		}
	}
	return catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED
}

func publishAtProto(at *time.Time) *timestamppb.Timestamp {
	if at == nil {
		return nil
	}
	return timestamppb.New(*at)
}

// statusAsked reads what staff ask for. The status is empty and the time nil if they do not say.
func statusAsked(status catalogv1.ProductStatus, at *timestamppb.Timestamp) (catalog.Status, *time.Time, error) {
	var check field.Checker
	asked, known := statuses[status]
	check.Check(known && asked != catalog.Withdrawn, "status", "must be active, unlisted, draft or scheduled")
	publishAt := check.CheckTime("publish_at", at).Truncate(time.Microsecond)
	if at == nil {
		return asked, nil, check.Err()
	}
	return asked, &publishAt, check.Err()
}

// setStatus gives a product what staff ask for. A product that is no longer scheduled loses its time of publishing.
func setStatus(c *catalog.Content, status catalog.Status, publishAt *time.Time) {
	if status != "" {
		c.Status = status
	}
	if publishAt != nil {
		c.PublishAt = publishAt
	} else if c.Status != catalog.Scheduled {
		c.PublishAt = nil
	}
}

// WithdrawProduct takes a product off sale.
func (s *Server) WithdrawProduct(ctx context.Context, req *catalogv1.WithdrawProductRequest) (*catalogv1.WithdrawProductResponse, error) {
	if err := s.catalog.Withdraw(ctx, req.GetId()); err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.WithdrawProductResponse{}, nil
}

// RestoreProduct makes a withdrawn product active.
func (s *Server) RestoreProduct(ctx context.Context, req *catalogv1.RestoreProductRequest) (*catalogv1.RestoreProductResponse, error) {
	p, err := s.catalog.Restore(ctx, req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.RestoreProductResponse{Product: productProto(p)}, nil
}

// GetAnyProduct finds a product of any status by id.
func (s *Server) GetAnyProduct(ctx context.Context, req *catalogv1.GetAnyProductRequest) (*catalogv1.GetAnyProductResponse, error) {
	p, err := s.catalog.AnyProduct(ctx, req.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	return &catalogv1.GetAnyProductResponse{Product: productProto(p)}, nil
}

// ListAllProducts lists products of every status.
func (s *Server) ListAllProducts(ctx context.Context, req *catalogv1.ListAllProductsRequest) (*catalogv1.ListAllProductsResponse, error) {
	status, known := statuses[req.GetStatus()]
	if !known {
		return nil, field.Invalid("status", "must be active, unlisted, draft, scheduled or withdrawn")
	}
	products, next, err := s.catalog.ListAll(ctx, catalog.AnyQuery{
		Text: req.GetQuery(), Status: status, Limit: int(req.GetLimit()), After: req.GetCursor(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	answer := &catalogv1.ListAllProductsResponse{NextCursor: next}
	for _, p := range products {
		answer.Products = append(answer.Products, productProto(p))
	}
	return answer, nil
}
