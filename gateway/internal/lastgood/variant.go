package lastgood

import (
	"context"
	"crypto/sha256"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/gateway/internal/degraded"
)

// GetVariants implements catalogv1.CatalogServiceClient. Each SKU is cached by itself, because carts differ. An old answer is
// given if all requested SKUs are cached.
func (c *Catalog) GetVariants(ctx context.Context, in *catalogv1.GetVariantsRequest, opts ...grpc.CallOption) (*catalogv1.GetVariantsResponse, error) {
	r := read[*catalogv1.GetVariantsRequest, *catalogv1.GetVariantsResponse]{
		method: catalogv1.CatalogService_GetVariants_FullMethodName, part: degraded.Variants,
		call: c.CatalogServiceClient.GetVariants, keys: keysOfSKUs, split: bySKU, recall: c.recallVariants,
	}
	return r.do(ctx, c, in, opts)
}

func keysOfSKUs(_ key, in *catalogv1.GetVariantsRequest) []key {
	keys := make([]key, len(in.GetSkus()))
	for i, sku := range in.GetSkus() {
		keys[i] = variantKey(sku)
	}
	return keys
}

// bySKU returns an answer for each requested SKU. It is empty for an SKU that catalog does not have, so that this is cached
// too.
func bySKU(_ key, in *catalogv1.GetVariantsRequest, answer *catalogv1.GetVariantsResponse) map[key]proto.Message {
	parts := make(map[key]proto.Message, len(in.GetSkus()))
	for _, sku := range in.GetSkus() {
		parts[variantKey(sku)] = &catalogv1.GetVariantsResponse{}
	}
	for _, v := range answer.GetVariants() {
		parts[variantKey(v.GetVariant().GetSku())] = &catalogv1.GetVariantsResponse{Variants: []*catalogv1.SoldVariant{v}}
	}
	for _, v := range answer.GetWithdrawn() {
		parts[variantKey(v.GetVariant().GetSku())] = &catalogv1.GetVariantsResponse{Withdrawn: []*catalogv1.SoldVariant{v}}
	}
	for _, v := range answer.GetHidden() {
		parts[variantKey(v.GetVariant().GetSku())] = &catalogv1.GetVariantsResponse{Hidden: []*catalogv1.SoldVariant{v}}
	}
	return parts
}

func (c *Catalog) recallVariants(_ key, in *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, time.Time, bool) {
	answer := &catalogv1.GetVariantsResponse{}
	oldest := time.Now()
	for _, sku := range in.GetSkus() {
		part := &catalogv1.GetVariantsResponse{}
		at, ok := c.store.recall(variantKey(sku), part)
		if !ok {
			return nil, time.Time{}, false
		}
		if at.Before(oldest) {
			oldest = at
		}
		proto.Merge(answer, part)
	}
	return answer, oldest, true
}

func variantKey(sku string) key {
	return sha256.Sum256([]byte("SKU\x00" + sku))
}
