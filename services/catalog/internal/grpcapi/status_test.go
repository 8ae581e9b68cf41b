package grpcapi_test

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/rpc"
	"souk/testkit/grpctest"
)

func TestStaffMoveAProductThroughItsStatuses(t *testing.T) {
	t.Parallel()
	b := setup(t)
	in := lamp()
	in.Status = catalogv1.ProductStatus_PRODUCT_STATUS_DRAFT
	p := b.create(t, in)
	_, err := b.GetProduct(t.Context(), &catalogv1.GetProductRequest{IdOrSlug: p.GetId()})
	grpctest.Expect(t, "the page of a draft", err, codes.NotFound, "PRODUCT_NOT_FOUND")
	read, err := b.GetAnyProduct(b.Staff(t), &catalogv1.GetAnyProductRequest{Id: p.GetId()})
	if err != nil || !proto.Equal(read.GetProduct(), p) || p.GetStatus() != in.GetStatus() {
		t.Errorf("a draft: %v, %v; want %v", read, err, p)
	}
	variants, err := b.GetVariants(t.Context(), &catalogv1.GetVariantsRequest{Skus: []string{"S"}})
	if err != nil || len(variants.GetHidden()) != 1 || len(variants.GetVariants())+len(variants.GetWithdrawn()) != 0 {
		t.Errorf("variants of a draft: %v, %v", variants, err)
	}

	at := timestamppb.New(time.Now().Add(time.Hour).Truncate(time.Microsecond))
	scheduled, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{
		Id: p.GetId(), Status: catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED, PublishAt: at,
	})
	if err != nil || !proto.Equal(scheduled.GetProduct().GetPublishAt(), at) {
		t.Errorf("scheduled: %v, %v", scheduled, err)
	}
	later := timestamppb.New(at.AsTime().Add(time.Hour))
	moved, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: p.GetId(), PublishAt: later})
	if err != nil || !proto.Equal(moved.GetProduct().GetPublishAt(), later) {
		t.Errorf("moved: %v, %v", moved, err)
	}
	active, err := b.UpdateProduct(b.Staff(t), &catalogv1.UpdateProductRequest{Id: p.GetId(), Status: catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE})
	if err != nil || active.GetProduct().GetPublishAt() != nil {
		t.Errorf("active: %v, %v", active, err)
	}
	if _, err := b.WithdrawProduct(b.Staff(t), &catalogv1.WithdrawProductRequest{Id: p.GetId()}); err != nil {
		t.Fatal(err)
	}
	all, err := b.ListAllProducts(b.Staff(t), &catalogv1.ListAllProductsRequest{Status: catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN, Query: "lamp"})
	if err != nil || len(all.GetProducts()) != 1 || all.GetNextCursor() != "" {
		t.Errorf("withdrawn: %v, %v", all, err)
	}
	restored, err := b.RestoreProduct(b.Staff(t), &catalogv1.RestoreProductRequest{Id: p.GetId()})
	if err != nil || restored.GetProduct().GetStatus() != catalogv1.ProductStatus_PRODUCT_STATUS_ACTIVE {
		t.Errorf("restored: %v, %v", restored, err)
	}
}

func TestBadStatusesNameTheirField(t *testing.T) {
	t.Parallel()
	b := setup(t)
	p := b.create(t, lamp())
	for name, update := range map[string]*catalogv1.UpdateProductRequest{
		"status":     {Status: catalogv1.ProductStatus_PRODUCT_STATUS_WITHDRAWN},
		"publish_at": {Status: catalogv1.ProductStatus_PRODUCT_STATUS_SCHEDULED, PublishAt: &timestamppb.Timestamp{Nanos: -1}},
	} {
		update.Id = p.GetId()
		_, err := b.UpdateProduct(b.Staff(t), update)
		if v := rpc.Violations(err); len(v) != 1 || v[0].Field != name {
			t.Errorf("%v: %v, want a violation of %s", update, err, name)
		}
	}
	_, err := b.ListAllProducts(b.Staff(t), &catalogv1.ListAllProductsRequest{Status: 99})
	if v := rpc.Violations(err); len(v) != 1 || v[0].Field != "status" {
		t.Errorf("an unknown status: %v", err)
	}
}
