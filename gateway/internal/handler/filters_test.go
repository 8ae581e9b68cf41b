package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/rpc"
)

func TestFiltersReachCatalog(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func() *shop{
		"copy off": func() *shop { return open(t) }, "copy on": func() *shop { s, _, _ := told(t); return s },
	} {
		t.Run(name, func(t *testing.T) {
			s := open()
			var got *catalogv1.ListProductsRequest
			on(s, listProducts, func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
				got = req
				return &catalogv1.ListProductsResponse{Total: &catalogv1.Total{Count: 10_000, More: true}}, nil
			})
			for query, want := range map[string]*catalogv1.ListProductsRequest{
				"brand=A&brand=B,C&category=x": {Brand: "A", OtherBrands: []string{"B,C"}, Category: "x"},
				"category=a&category=b":        {Category: "a", OtherCategories: []string{"b"}},
				"ids=p2,p1":                    {Ids: []string{"p2", "p1"}},
				"ids=":                         {Ids: []string{""}},
				"option.Size=M&option.Color=Red&option.Color=Navy+Blue": {Options: []*catalogv1.OptionFilter{
					{Name: "Color", Values: []string{"Red", "Navy Blue"}}, {Name: "Size", Values: []string{"M"}},
				}},
				"option.%C3%89tat=%22new%22": {Options: []*catalogv1.OptionFilter{{Name: "État", Values: []string{`"new"`}}}},
				"total=true":                 {Total: true},
			} {
				want.Limit = 20
				s.send(t, guest, "GET", "/v1/products?"+query, nil).mustBe(t, 200, `{"items": [], "total": 10000, "total_exact": false}`)
				if !proto.Equal(got, want) {
					t.Errorf("%s: %v, want %v", query, got, want)
				}
			}
		})
	}
}

func TestListsWithOtherOptionsAreCachedApart(t *testing.T) {
	t.Parallel()
	s, _, _ := told(t)
	on(s, listProducts, func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
		return &catalogv1.ListProductsResponse{Total: &catalogv1.Total{Count: int64(len(req.GetOptions()[0].GetValues()))}}, nil
	})
	for range 2 {
		s.send(t, guest, "GET", "/v1/products?option.Color=Red", nil).mustBe(t, 200, `{"items": [], "total": 1, "total_exact": true}`)
		s.send(t, guest, "GET", "/v1/products?option.Color=Red&option.Color=Blue", nil).mustBe(t, 200, `{"items": [], "total": 2, "total_exact": true}`)
	}
	if got := s.called(listProducts); got != 2 {
		t.Errorf("%d calls, want 2", got)
	}
}

func TestAnInvalidOptionIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t)
	s.fail(listProducts, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "invalid",
		rpc.Blame(field.Violation{Field: "option.Color", Message: "must have at most 20 values"})))
	s.send(t, guest, "GET", "/v1/products?option.Color=Red", nil).refused(t, 422, "validation_failed")
	s.send(t, guest, "GET", "/v1/products?option.=Red", nil).refused(t, 400, "invalid_request")
}

func TestTheTotalOfProductsInStock(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug(), plain(1), plain(2))
	stock(s, map[string]int64{"SKU-0001": 9, "SKU-0002": 0, "MUG-S": 1})
	var page struct {
		Total  int
		Exact  bool `json:"total_exact"`
		Facets any
	}
	r := s.send(t, guest, "GET", "/v1/products?in_stock=true&total=true&limit=1", nil)
	r.mustBe(t, 200, "")
	if r.into(t, &page); page.Total != 2 || !page.Exact || page.Facets != nil {
		t.Errorf("%+v, want 2 products and no facets", page)
	}
	many := make([]*catalogv1.Product, 1100)
	levels := map[string]int64{}
	for i := range many {
		many[i] = plain(i)
		levels[many[i].GetVariants()[0].GetSku()] = 5
	}
	sell(s, many...)
	stock(s, levels)
	if s.send(t, guest, "GET", "/v1/products?in_stock=true&total=true", nil).into(t, &page); page.Total != 1000 || page.Exact {
		t.Errorf("%+v, want the first 1000", page)
	}
}

func TestFacetsOfOptionsAndPrices(t *testing.T) {
	t.Parallel()
	s := open(t)
	most := int64(999)
	on(s, listProducts, returns[*catalogv1.ListProductsRequest](&catalogv1.ListProductsResponse{
		Facets:       []*catalogv1.Facet{{Field: "category"}, {Field: "brand"}},
		OptionFacets: []*catalogv1.Facet{{Field: "Color", Values: []*catalogv1.FacetValue{{Value: "Red", Name: "Red", Count: 2}}}},
		PriceRanges:  []*catalogv1.PriceRange{{Max: &most, Count: 3}, {Min: 1000, Count: 1}},
	}))
	s.send(t, guest, "GET", "/v1/products?facets=true", nil).mustBe(t, 200, `{"items": [],
		"facets": [{"field": "category", "values": []}, {"field": "brand", "values": []}],
		"option_facets": [{"name": "Color", "values": [{"value": "Red", "name": "Red", "count": 2}]}],
		"price_ranges": [{"min": 0, "max": 999, "count": 3}, {"min": 1000, "count": 1}]}`)
	s.send(t, guest, "GET", "/v1/products", nil).mustBe(t, 200, `{"items": []}`)
}
