package grpcapi

import (
	"fmt"

	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/field"

	"souk/services/catalog/internal/catalog"
)

// changesOf reads changes of variants, whose prices must be in the shop's currency.
func (s *Server) changesOf(changes []*catalogv1.VariantChange) ([]catalog.VariantChange, error) {
	var check field.Checker
	out := make([]catalog.VariantChange, len(changes))
	for i, c := range changes {
		s.checkChange(&check, fmt.Sprintf("variants[%d]", i), c)
		out[i] = catalog.VariantChange{
			SKU: c.GetSku(), Removed: c.GetRemoved(), Priced: c.Price != nil, Apply: func(v *catalog.Variant) { applyChange(v, c) },
		}
	}
	return out, check.Err()
}

func (s *Server) checkChange(check *field.Checker, path string, c *catalogv1.VariantChange) {
	if c.Price != nil {
		s.checkCurrency(check, path+".price", c.GetPrice())
	}
	if c.CompareAtPrice != nil {
		s.checkCurrency(check, path+".compare_at_price", c.GetCompareAtPrice())
	}
	check.Check(c.CompareAtPrice == nil || !c.GetNoCompareAtPrice(), path+".clear", "must not name compare_at_price, which is given")
	check.Check(c.Image == nil || !c.GetNoImage(), path+".clear", "must not name image, which is given")
	alone := proto.Equal(c, &catalogv1.VariantChange{Sku: c.GetSku(), Removed: true})
	check.Check(!c.GetRemoved() || alone, path+".removed", "must be the only field beside sku")
}

// applyChange changes what is set of a variant.
func applyChange(v *catalog.Variant, c *catalogv1.VariantChange) {
	set(&v.Title, c.Title)
	set(&v.Weight, c.WeightGrams)
	set(&v.Untracked, c.Untracked)
	set(&v.ContinueSelling, c.ContinueSelling)
	set(&v.Barcode, c.Barcode)
	if c.Options != nil {
		v.Options = optionsOf(c.GetOptions().GetOptions())
	}
	if c.Price != nil {
		v.Price = c.GetPrice().GetAmount()
	}
	if c.CompareAtPrice != nil {
		v.CompareAt = new(c.GetCompareAtPrice().GetAmount())
	}
	if c.GetNoCompareAtPrice() {
		v.CompareAt = nil
	}
	if c.Image != nil {
		v.Image = imageOf(c.GetImage())
	}
	if c.GetNoImage() {
		v.Image = nil
	}
}

func optionsOf(options []*catalogv1.Option) (out []catalog.Option) {
	for _, o := range options {
		out = append(out, catalog.Option{Name: o.GetName(), Value: o.GetValue()})
	}
	return out
}
