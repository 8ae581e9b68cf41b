package grpcapi_test

import (
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
)

// change sends changes of variants as the gateway does.
func (b *bundle) change(t *testing.T, id string, changes ...*catalogv1.VariantChange) (*catalogv1.Product, error) {
	t.Helper()
	answer, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{
		Id: id, Variants: &catalogv1.VariantList{}, VariantChanges: &catalogv1.VariantChangeList{Changes: changes},
	})
	return answer.GetProduct(), err
}

func TestAChangeOfAVariantChangesOnlyWhatIsSet(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for name, test := range map[string]struct {
		change *catalogv1.VariantChange
		want   func(*catalogv1.Variant)
	}{
		"title":            {&catalogv1.VariantChange{Title: new("Huge")}, func(v *catalogv1.Variant) { v.Title = "Huge" }},
		"price":            {&catalogv1.VariantChange{Price: pounds(950)}, func(v *catalogv1.Variant) { v.Price, v.LowestPrice = pounds(950), pounds(900) }},
		"weight":           {&catalogv1.VariantChange{WeightGrams: new(int64(0))}, func(v *catalogv1.Variant) { v.WeightGrams = 0 }},
		"options":          {&catalogv1.VariantChange{Options: &catalogv1.OptionList{}}, func(v *catalogv1.Variant) { v.Options = nil }},
		"untracked":        {&catalogv1.VariantChange{Untracked: new(true)}, func(v *catalogv1.Variant) { v.StockRule = &catalogv1.StockRule{Untracked: true} }},
		"continue selling": {&catalogv1.VariantChange{ContinueSelling: new(true)}, func(v *catalogv1.Variant) { v.StockRule = &catalogv1.StockRule{ContinueSelling: true} }},
		"barcode":          {&catalogv1.VariantChange{Barcode: new("")}, func(v *catalogv1.Variant) { v.Barcode = nil }},
		"image":            {&catalogv1.VariantChange{Image: &catalogv1.Image{Url: "http://a.example"}}, func(v *catalogv1.Variant) { v.Image = &catalogv1.Image{Url: "http://a.example"} }},
		"compare-at price": {&catalogv1.VariantChange{CompareAtPrice: pounds(2000)}, func(v *catalogv1.Variant) { v.CompareAtPrice = pounds(2000) }},
		"no image":         {&catalogv1.VariantChange{NoImage: true}, func(v *catalogv1.Variant) { v.Image = nil }},
		"no reduction":     {&catalogv1.VariantChange{NoCompareAtPrice: true}, func(v *catalogv1.Variant) { v.CompareAtPrice, v.LowestPrice = nil, nil }},
		"nothing":          {&catalogv1.VariantChange{}, func(*catalogv1.Variant) {}},
	} {
		in := offered()
		in.Slug, in.Variants[0].Sku, in.Variants[1].Sku = "", name+" L", name+" S"
		before := b.create(t, in)
		want := proto.CloneOf(before).GetVariants()
		test.want(want[0])
		test.change.Sku = name + " L"
		got, err := b.change(t, before.GetId(), test.change)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if len(got.GetVariants()) != 2 || !proto.Equal(got.GetVariants()[0], want[0]) || !proto.Equal(got.GetVariants()[1], want[1]) {
			t.Errorf("%s: %v, want %v", name, got.GetVariants(), want)
		}
	}
}

func TestAChangeOfVariantsAddsAndRemoves(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, offered())
	got, err := b.change(t, p.GetId(), &catalogv1.VariantChange{Sku: "L", Removed: true}, &catalogv1.VariantChange{
		Sku: "XL", Price: pounds(100), CompareAtPrice: pounds(200), Barcode: new("1"), Options: &catalogv1.OptionList{Options: []*catalogv1.Option{{Name: "Size", Value: "XL"}}},
	})
	want := []*catalogv1.Variant{p.GetVariants()[1], {
		Sku: "XL", Price: pounds(100), CompareAtPrice: pounds(200), Barcode: new("1"), Options: []*catalogv1.Option{{Name: "Size", Value: "XL"}},
	}}
	if err != nil || len(got.GetVariants()) != 2 || !proto.Equal(got.GetVariants()[0], want[0]) || !proto.Equal(got.GetVariants()[1], want[1]) {
		t.Errorf("%v, %v; want %v", got.GetVariants(), err, want)
	}
}

func TestErrorsOfChangesOfVariantsNameTheField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, offered())
	foreign := &moneyv1.Money{Amount: 1, Currency: "EUR"}
	for want, change := range map[string]*catalogv1.VariantChange{
		"variants[0].price.currency":            {Sku: "L", Price: foreign},
		"variants[0].compare_at_price.currency": {Sku: "L", CompareAtPrice: foreign},
		"variants[0].compare_at_price":          {Sku: "L", Price: pounds(1200)},
		"variants[0].clear":                     {Sku: "L", CompareAtPrice: pounds(5000), NoCompareAtPrice: true},
		"variants[0].removed":                   {Sku: "L", Removed: true, Barcode: new("")},
		"variants[0].price":                     {Sku: "NEW", Title: new("New")},
		"variants[0].sku":                       {Sku: "NEW", Removed: true},
		"variants[0].image.url":                 {Sku: "S", Image: &catalogv1.Image{Url: "x"}},
	} {
		_, err := b.change(t, p.GetId(), change)
		if blamed := rpc.Violations(err); len(blamed) != 1 || blamed[0].Field != want {
			t.Errorf("%v blames %v, want %s", err, blamed, want)
		}
	}
	_, err := b.change(t, p.GetId(), &catalogv1.VariantChange{Sku: "L", Image: &catalogv1.Image{Url: "http://a.example"}, NoImage: true})
	if blamed := rpc.Violations(err); len(blamed) != 1 || blamed[0].Field != "variants[0].clear" {
		t.Errorf("%v blames %v", err, blamed)
	}
	_, err = b.change(t, p.GetId())
	grpctest.Expect(t, "no changes", err, codes.InvalidArgument, "VALIDATION_FAILED")
}
