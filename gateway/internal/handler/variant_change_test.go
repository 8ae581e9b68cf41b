package handler_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	errorsv1 "souk/proto/gen/souk/errors/v1"

	"souk/platform/field"
	"souk/platform/rpc"
)

func TestAPatchChangesOnlyTheVariantsAndFieldsItNames(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	var asked *catalogv1.UpdateProductRequest
	on(s, updateProduct, func(_ context.Context, req *catalogv1.UpdateProductRequest) (*catalogv1.UpdateProductResponse, error) {
		asked = req
		return &catalogv1.UpdateProductResponse{Product: offered()}, nil
	})
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"variants": [
		{"sku": "A", "price": {"amount": 1, "currency": "GBP"}},
		{"sku": "B", "removed": true},
		{"sku": "C", "clear": ["compare_at_price", "image"], "barcode": "", "inventory": {"tracked": false}},
		{"sku": "D", "title": "", "options": {}, "weight_grams": 0, "compare_at_price": {"amount": 9, "currency": "GBP"},
			"image": {"url": "https://example.com/d.jpg"}, "inventory": {"policy": "continue"}}]}`, "If-Match", `"p1.7.x"`).mustBe(t, 200, offeredJSON)
	want := &catalogv1.UpdateProductRequest{
		Id: "p1", Version: 7, Variants: &catalogv1.VariantList{}, VariantChanges: &catalogv1.VariantChangeList{Changes: []*catalogv1.VariantChange{
			{Sku: "A", Price: gbp(1)},
			{Sku: "B", Removed: true},
			{Sku: "C", NoCompareAtPrice: true, NoImage: true, Barcode: new(""), Untracked: new(true)},
			{
				Sku: "D", Title: new(""), Options: &catalogv1.OptionList{}, WeightGrams: new(int64(0)), CompareAtPrice: gbp(9),
				Image: &catalogv1.Image{Url: "https://example.com/d.jpg"}, ContinueSelling: new(true),
			},
		}},
	}
	if !proto.Equal(asked, want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
}

func TestAPatchOfVariantsIsRefusedByField(t *testing.T) {
	t.Parallel()
	s := open(t)
	for body, want := range map[string]string{
		`{"variants": []}`:                                                            "variants",
		`{"variants": [{"removed": true}]}`:                                           "variants[0].sku",
		`{"variants": [{"sku": "A", "clear": ["price"]}]}`:                            "variants[0].clear[0]",
		`{"variants": [{"sku": "A", "weight_grams": -1}]}`:                            "variants[0].weight_grams",
		`{"variants": [{"sku": "A", "barcode": "` + strings.Repeat("1", 101) + `"}]}`: "variants[0].barcode",
	} {
		p := s.send(t, staff, "PATCH", "/v1/products/p1", body, "If-Match", "*").refused(t, 422, "validation_failed")
		if len(p.Errors) != 1 || p.Errors[0].Field != want {
			t.Errorf("%s names %v, want %s", body, p.Errors, want)
		}
	}
	s.send(t, staff, "PATCH", "/v1/products/p1", `{"variants": [{"sku": "A", "compare_at_price": null}]}`, "If-Match", "*").refused(t, 422, "validation_failed")
	s.fail(updateProduct, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "invalid",
		rpc.Blame(field.Violation{Field: "variants[0].compare_at_price", Message: "must be above the price"})))
	p := s.send(t, staff, "PATCH", "/v1/products/p1", `{"variants": [{"sku": "A"}]}`, "If-Match", "*").refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "variants[0].compare_at_price" {
		t.Errorf("names %v", p.Errors)
	}
}
