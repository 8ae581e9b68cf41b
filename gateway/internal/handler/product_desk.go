package handler

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

var productStatuses = map[catalogv1.ProductStatus]api.ProductStatus{
	// A version of catalog before this one has no other products to show.
	catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED: api.ProductStatusActive,
	catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE:      api.ProductStatusActive,
	catalogv1.ProductStatus_PRODUCT_STATUS_UNLISTED:    api.ProductStatusUnlisted,
	catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT:       api.ProductStatusDraft,
	catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED:   api.ProductStatusScheduled,
	catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN:   api.ProductStatusWithdrawn,
}

func productStatusView(status catalogv1.ProductStatus) api.ProductStatus {
	return productStatuses[status]
}

// productStatusProto returns the status that a request names, or UNSPECIFIED for none.
func productStatusProto[S ~string](status *S) catalogv1.ProductStatus {
	for proto, view := range productStatuses {
		if status != nil && string(view) == string(*status) && proto != catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED {
			return proto
		}
	}
	return catalogv1.ProductStatus_PRODUCT_STATUS_UNSPECIFIED
}

// timeView returns a time, or nil for none.
func timeView(t *timestamppb.Timestamp) *time.Time {
	if t == nil {
		return nil
	}
	at := t.AsTime()
	return &at
}

// ListAllProducts lists products of every status for staff.
func (h *Handler) ListAllProducts(ctx context.Context, req api.ListAllProductsRequestObject) (api.ListAllProductsResponseObject, error) {
	p := req.Params
	answer, err := h.Catalog.ListAllProducts(ctx, &catalogv1.ListAllProductsRequest{
		Query: value(p.Q), Status: productStatusProto(p.Status), Limit: value(p.Limit), Cursor: value(p.Cursor),
	})
	if err != nil {
		return nil, err
	}
	list := api.ProductList{Items: h.productViews(ctx, answer.GetProducts()), NextCursor: optional(answer.GetNextCursor())}
	return api.ListAllProducts200JSONResponse(list), nil
}

// GetAnyProduct returns a product of any status to staff.
func (h *Handler) GetAnyProduct(ctx context.Context, req api.GetAnyProductRequestObject) (api.GetAnyProductResponseObject, error) {
	answer, err := h.Catalog.GetAnyProduct(ctx, &catalogv1.GetAnyProductRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	view := h.productView(ctx, answer.GetProduct())
	tag := entityTag(answer.GetProduct().GetVersion(), view)
	return api.GetAnyProduct200JSONResponse{Body: view, Headers: api.GetAnyProduct200ResponseHeaders{ETag: tag}}, nil
}

// anyProduct returns a product of any status. A version of catalog before this one has only those on sale.
func (h *Handler) anyProduct(ctx context.Context, id string) (*catalogv1.Product, error) {
	answer, err := h.Catalog.GetAnyProduct(ctx, &catalogv1.GetAnyProductRequest{Id: id})
	if status.Code(err) != codes.Unimplemented {
		return answer.GetProduct(), err
	}
	onSale, err := h.Catalog.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: id})
	return onSale.GetProduct(), err
}

// RestoreProduct puts a withdrawn product on sale again.
func (h *Handler) RestoreProduct(ctx context.Context, req api.RestoreProductRequestObject) (api.RestoreProductResponseObject, error) {
	answer, err := h.Catalog.RestoreProduct(ctx, &catalogv1.RestoreProductRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	view := h.productView(ctx, answer.GetProduct())
	tag := entityTag(answer.GetProduct().GetVersion(), view)
	return api.RestoreProduct200JSONResponse{Body: view, Headers: api.RestoreProduct200ResponseHeaders{ETag: tag}}, nil
}
