package handler_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	recommendationsv1 "souk/proto/gen/souk/recommendations/v1"
)

const listRecommendations = recommendationsv1.RecommendationsService_ListRecommendations_FullMethodName

// recommend makes recommendations answer with products, and returns the products that it was asked about last.
func recommend(s *shop, ids ...string) (asked *[]string) {
	asked = new([]string)
	on(s, listRecommendations, func(_ context.Context, req *recommendationsv1.ListRecommendationsRequest) (*recommendationsv1.ListRecommendationsResponse, error) {
		*asked = req.GetProductIds()
		return &recommendationsv1.ListRecommendationsResponse{ProductIds: ids}, nil
	})
	return asked
}

// shelf puts products on sale, with one variant and 100 pieces each.
func shelf(s *shop, n int) (ids []string) {
	var products []*catalogv1.Product
	levels := map[string]int64{}
	for i := range n {
		p := plain(i + 1)
		products, ids = append(products, p), append(ids, p.GetId())
		levels[p.GetVariants()[0].GetSku()] = 100
	}
	sell(s, products...)
	stock(s, levels)
	return ids
}

// mustRecommend returns the ids of the products that a page recommends.
func (s *shop) mustRecommend(t *testing.T, path string) []string {
	t.Helper()
	r := s.send(t, guest, "GET", path, nil)
	var list struct{ Items []struct{ ID string } }
	if err := json.Unmarshal(r.body, &list); r.status != 200 || err != nil || list.Items == nil {
		t.Fatalf("%s: %d %s, %v", path, r.status, r.body, err)
	}
	ids := []string{}
	for _, item := range list.Items {
		ids = append(ids, item.ID)
	}
	return ids
}

func TestAProductPageRecommendsWhatWasBoughtWithIt(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := shelf(s, 30)
	best := slices.Clone(ids[1:])
	slices.Reverse(best)
	asked := recommend(s, best...)
	for _, path := range []string{"/v1/products/0001/recommendations", "/v1/products/product-0001/recommendations"} {
		if got := s.mustRecommend(t, path); !slices.Equal(got, best[:12]) || !slices.Equal(*asked, ids[:1]) {
			t.Errorf("%s: asked about %v, recommends %v, want %v", path, *asked, got, best[:12])
		}
	}
	s.send(t, guest, "GET", "/v1/products/none/recommendations", nil).refused(t, 404, "not_found")
}

func TestWhatIsWithdrawnOrSoldOutIsNotRecommended(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := shelf(s, 20)
	stock(s, map[string]int64{"SKU-0003": 1, "SKU-0020": 6}) // the others are sold out
	recommend(s, append([]string{"withdrawn"}, ids[1:]...)...)
	if got, want := s.mustRecommend(t, "/v1/products/0001/recommendations"), []string{"0003", "0020"}; !slices.Equal(got, want) {
		t.Errorf("recommends %v, want %v", got, want)
	}
}

func TestWhatIsUnlistedIsNotRecommended(t *testing.T) {
	t.Parallel()
	s := open(t)
	hidden := plain(2)
	hidden.Status = catalogv1.ProductStatus_PRODUCT_STATUS_UNLISTED
	sell(s, plain(1), hidden, plain(3))
	stock(s, map[string]int64{"SKU-0001": 9, "SKU-0002": 9, "SKU-0003": 9})
	recommend(s, "0002", "0003")
	cart(s, line("SKU-0001", 1))
	for _, path := range []string{"/v1/products/0001/recommendations", "/v1/carts/c1/recommendations"} {
		if got, want := s.mustRecommend(t, path), []string{"0003"}; !slices.Equal(got, want) {
			t.Errorf("%s: recommends %v, want %v", path, got, want)
		}
	}
}

func TestWithoutLevelsProductsAreStillRecommended(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := shelf(s, 3)
	s.fail(getLevels, status.Error(codes.Unavailable, "away"))
	recommend(s, ids[1:]...)
	if got := s.mustRecommend(t, "/v1/products/0001/recommendations"); !slices.Equal(got, ids[1:]) {
		t.Errorf("recommends %v, want %v", got, ids[1:])
	}
}

func TestACartRecommendsWhatWasBoughtWithItsProducts(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := shelf(s, 5)
	asked := recommend(s, ids[2:]...)
	cart(s, line("SKU-0002", 1), line("SKU-0001", 3), line("GONE", 1))
	got := s.mustRecommend(t, "/v1/carts/c1/recommendations")
	if !slices.Equal(got, ids[2:]) || !slices.Equal(*asked, ids[:2]) {
		t.Errorf("asked about %v, recommends %v; want %v and %v", *asked, got, ids[:2], ids[2:])
	}
	s.send(t, guest, "GET", "/v1/carts/c2/recommendations", nil).refused(t, 404, "not_found")
	cart(s)
	before := s.called(listRecommendations)
	if got := s.mustRecommend(t, "/v1/carts/c1/recommendations"); len(got) > 0 || s.called(listRecommendations) > before {
		t.Errorf("an empty cart recommends %v", got)
	}
}

func TestWithoutRecommendationsAPageHasNone(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(context.Context) error{
		"away":  func(context.Context) error { return status.Error(codes.Unavailable, "away") },
		"slow":  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
		"wrong": func(context.Context) error { return status.Error(codes.Internal, "wrong") },
		"full":  func(context.Context) error { return status.Error(codes.ResourceExhausted, "full") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			shelf(s, 3)
			cart(s, line("SKU-0001", 1))
			on(s, listRecommendations, func(ctx context.Context, _ *recommendationsv1.ListRecommendationsRequest) (*recommendationsv1.ListRecommendationsResponse, error) {
				return nil, fault(ctx)
			})
			before := degraded(t, "recommendations")
			for _, path := range []string{"/v1/products/0001/recommendations", "/v1/carts/c1/recommendations"} {
				start := time.Now()
				if got := s.mustRecommend(t, path); len(got) > 0 {
					t.Errorf("%s: recommends %v", path, got)
				}
				if took := time.Since(start); took > 2*time.Second {
					t.Errorf("%s took %v", path, took)
				}
			}
			if degraded(t, "recommendations") < before+2 {
				t.Error("the pages without recommendations are not counted")
			}
		})
	}
}

// Products are named that cannot be recommended: the product itself, one twice, one by its slug, and far too many.
func TestNonsenseIsNotRecommended(t *testing.T) {
	t.Parallel()
	s := open(t)
	ids := shelf(s, 3)
	answer := []string{ids[0], ids[1], ids[1], "product-0003", "", "\x00"}
	for i := range 10_000 {
		answer = append(answer, fmt.Sprint("unknown ", i))
	}
	recommend(s, answer...)
	before := s.called(getProduct)
	if got := s.mustRecommend(t, "/v1/products/0001/recommendations"); !slices.Equal(got, ids[1:2]) {
		t.Errorf("recommends %v, want %v", got, ids[1:2])
	}
	if asked := s.called(getProduct) - before; asked > 1+40 {
		t.Errorf("catalog was asked %d times", asked)
	}
}
