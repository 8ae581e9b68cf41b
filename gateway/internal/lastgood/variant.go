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

// GetVariants implements catalogv1.CatalogServiceClient. Each SKU is remembered by itself, because carts differ; an old
// answer is given when all that are asked for are known.
func (c *Catalog) GetVariants(ctx context.Context, in *catalogv1.GetVariantsRequest, opts ...grpc.CallOption) (*catalogv1.GetVariantsResponse, error) {
	r := read[*catalogv1.GetVariantsRequest, *catalogv1.GetVariantsResponse]{
		method: catalogv1.CatalogService_GetVariants_FullMethodName, part: degraded.Variants,
		call: c.CatalogServiceClient.GetVariants, split: bySKU, recall: c.recallVariants,
	}
	return r.do(ctx, c, in, opts)
}

// bySKU has a variant for each SKU that was asked for: an empty one for what is not sold, which is knowledge, too.
func bySKU(_ key, in *catalogv1.GetVariantsRequest, answer *catalogv1.GetVariantsResponse) map[key]proto.Message {
	parts := make(map[key]proto.Message, len(in.GetSkus()))
	for _, sku := range in.GetSkus() {
		parts[variantKey(sku)] = &catalogv1.SoldVariant{}
	}
	for _, sold := range answer.GetVariants() {
		parts[variantKey(sold.GetVariant().GetSku())] = sold
	}
	return parts
}

func (c *Catalog) recallVariants(_ key, in *catalogv1.GetVariantsRequest) (*catalogv1.GetVariantsResponse, time.Time, bool) {
	answer := &catalogv1.GetVariantsResponse{}
	oldest := time.Now()
	for _, sku := range in.GetSkus() {
		sold := &catalogv1.SoldVariant{}
		at, ok := c.store.recall(variantKey(sku), sold)
		if !ok {
			return nil, time.Time{}, false
		}
		if at.Before(oldest) {
			oldest = at
		}
		if sold.GetVariant() != nil {
			answer.Variants = append(answer.Variants, sold)
		}
	}
	return answer, oldest, true
}

func variantKey(sku string) key {
	return sha256.Sum256([]byte("SKU\x00" + sku))
}
