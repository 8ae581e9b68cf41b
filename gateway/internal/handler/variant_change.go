package handler

import (
	"slices"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/api"
)

// variantChangeProto leaves out what the change does not name.
func variantChangeProto(c api.VariantChange) *catalogv1.VariantChange {
	change := &catalogv1.VariantChange{
		Sku: c.Sku, Removed: value(c.Removed), Title: c.Title, WeightGrams: c.WeightGrams, Barcode: c.Barcode,
		Price: optionalMoney(c.Price), CompareAtPrice: optionalMoney(c.CompareAtPrice),
		NoCompareAtPrice: slices.Contains(value(c.Clear), api.VariantChangeClearCompareAtPrice),
		NoImage:          slices.Contains(value(c.Clear), api.VariantChangeClearImage),
	}
	if c.Options != nil {
		change.Options = &catalogv1.OptionList{Options: optionProtos(*c.Options)}
	}
	if c.Image != nil {
		change.Image = imageProto(*c.Image)
	}
	if c.Inventory != nil {
		if tracked := c.Inventory.Tracked; tracked != nil {
			change.Untracked = new(!*tracked)
		}
		if policy := c.Inventory.Policy; policy != nil {
			change.ContinueSelling = new(*policy == api.InventoryPolicyContinue)
		}
	}
	return change
}
