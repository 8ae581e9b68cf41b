package handler

import (
	"context"
	"slices"
	"sync"
	"time"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"

	"souk/gateway/internal/api"
	"souk/gateway/internal/degraded"
)

const (
	// mostRecommended is how many products are recommended at most.
	mostRecommended = 12
	// recommendedCandidates is how many products recommendations is asked for, because it does not know which are withdrawn or sold out.
	recommendedCandidates = 40
	// recommendationsTimeout is how long a page waits for recommendations before it has none.
	recommendationsTimeout = 300 * time.Millisecond
)

// ListProductRecommendations returns products that were bought together with a product.
func (h *Handler) ListProductRecommendations(
	ctx context.Context, req api.ListProductRecommendationsRequestObject,
) (api.ListProductRecommendationsResponseObject, error) {
	answer, err := h.Catalog.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: req.Id})
	if err != nil {
		return nil, err
	}
	list := h.recommended(ctx, []string{answer.GetProduct().GetId()})
	return api.ListProductRecommendations200JSONResponse{Body: list}, nil
}

// ListCartRecommendations returns products that were bought together with those in a cart.
func (h *Handler) ListCartRecommendations(
	ctx context.Context, req api.ListCartRecommendationsRequestObject,
) (api.ListCartRecommendationsResponseObject, error) {
	answer, err := h.Carts.GetCart(ctx, &cartsv1.GetCartRequest{Id: req.Id})
	if err != nil {
		return nil, err
	}
	sold, withdrawn, err := h.variants(ctx, views(answer.GetCart().GetLines(), (*cartsv1.Line).GetSku))
	if err != nil {
		return nil, err
	}
	var products []string
	for _, known := range []map[string]*catalogv1.SoldVariant{sold, withdrawn} {
		for _, variant := range known {
			products = append(products, variant.GetProductId())
		}
	}
	slices.Sort(products)
	list := h.recommended(ctx, slices.Compact(products))
	return api.ListCartRecommendations200JSONResponse{Body: list}, nil
}

// recommended returns products that were bought together with those named, without those that are unlisted, withdrawn or sold out. It returns none
// if recommendations fails, because the shop is still useful.
func (h *Handler) recommended(ctx context.Context, products []string) api.RecommendationList {
	list := api.RecommendationList{Items: []api.Product{}}
	for ids := range slices.Chunk(h.candidates(ctx, products), mostRecommended) {
		found := h.published(ctx, ids)
		levels := h.levelsOf(ctx, found)
		for _, p := range found {
			if slices.ContainsFunc(p.GetVariants(), levels.available) && len(list.Items) < mostRecommended {
				list.Items = append(list.Items, productView(p, levels))
			}
		}
		if len(list.Items) == mostRecommended {
			break
		}
	}
	return list
}

// candidates asks recommendations for products. Whatever it answers, there are not too many, each once, and none of those named.
func (h *Handler) candidates(ctx context.Context, products []string) []string {
	if len(products) == 0 {
		return nil
	}
	asking, cancel := context.WithTimeout(ctx, recommendationsTimeout)
	defer cancel()
	answer, err := h.Recommendations.ListRecommendations(asking, &recommendationsv1.ListRecommendationsRequest{
		ProductIds: products, Limit: recommendedCandidates,
	})
	if err != nil {
		degraded.Recommendations.Report(ctx, h.logger, err)
		return nil
	}
	var ids []string
	for _, id := range answer.GetProductIds() {
		if len(ids) < recommendedCandidates && !slices.Contains(products, id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// published returns those of the products that are listed, in the same order. Those that catalog cannot be asked about are left out.
func (h *Handler) published(ctx context.Context, ids []string) []*catalogv1.Product {
	answers := make([]*catalogv1.Product, len(ids))
	var asking sync.WaitGroup
	for i, id := range ids {
		asking.Go(func() {
			answer, err := h.Catalog.GetProduct(ctx, &catalogv1.GetProductRequest{IdOrSlug: id})
			if p := answer.GetProduct(); err == nil && p.GetId() == id && p.GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_UNLISTED {
				answers[i] = p
			}
		})
	}
	asking.Wait()
	return slices.DeleteFunc(answers, func(p *catalogv1.Product) bool { return p == nil })
}
