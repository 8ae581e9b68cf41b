package handler_test

import (
	"context"
	"fmt"
	"net/url"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"

	"souk/platform/access"
	"souk/platform/rpc"
)

const (
	getCart        = cartsv1.CartsService_GetCart_FullMethodName
	getCurrentCart = cartsv1.CartsService_GetCurrentCart_FullMethodName
	setItem        = cartsv1.CartsService_SetItem_FullMethodName
)

// cart makes carts answer every request with the cart "c1" and these lines.
func cart(s *shop, lines ...*cartsv1.Line) {
	c := &cartsv1.Cart{Id: "c1", Lines: lines}
	on(s, getCart, func(_ context.Context, req *cartsv1.GetCartRequest) (*cartsv1.GetCartResponse, error) {
		if req.GetId() != "c1" {
			return nil, rpc.Error(codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, "cart not found")
		}
		return &cartsv1.GetCartResponse{Cart: c}, nil
	})
	on(s, cartsv1.CartsService_CreateCart_FullMethodName, returns[*cartsv1.CreateCartRequest](&cartsv1.CreateCartResponse{Cart: c}))
	on(s, cartsv1.CartsService_ClaimCart_FullMethodName, returns[*cartsv1.ClaimCartRequest](&cartsv1.ClaimCartResponse{Cart: c}))
}

func line(sku string, quantity int64) *cartsv1.Line {
	return &cartsv1.Line{Sku: sku, Quantity: quantity}
}

func TestACartShowsPricesAndAvailability(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug(), plain(1), plain(2))
	stock(s, map[string]int64{"MUG-S": 100, "MUG-L": 4, "SKU-0001": 2})
	cart(s, line("SKU-0001", 3), line("MUG-S", 2), line("MUG-L", 4), line("GONE", 5), line("SKU-0002", 1))
	want := `{"id": "c1", "lines": [
		{"sku": "SKU-0001", "product_id": "0001", "slug": "product-0001", "title": "Product 0001", "options": {}, "quantity": 3,
		 "availability": "out_of_stock", "problems": [{"code": "not_enough", "available": 2}]},
		{"sku": "MUG-S", "product_id": "p1", "slug": "mug", "title": "Mug — Small", "options": {"Size": "S"},
		 "image": {"url": "https://example.com/mug.jpg", "alt": "A mug"}, "quantity": 2, "unit_price": {"amount": 1250, "currency": "GBP"},
		 "line_total": {"amount": 2500, "currency": "GBP"}, "availability": "in_stock", "problems": []},
		{"sku": "MUG-L", "product_id": "p1", "slug": "mug", "title": "Mug — Large", "options": {"Size": "L"},
		 "image": {"url": "https://example.com/mug.jpg", "alt": "A mug"}, "quantity": 4, "unit_price": {"amount": 1500, "currency": "GBP"},
		 "line_total": {"amount": 6000, "currency": "GBP"}, "availability": "low_stock", "problems": []},
		{"sku": "GONE", "title": "GONE", "quantity": 5, "availability": "out_of_stock", "problems": [{"code": "withdrawn"}]},
		{"sku": "SKU-0002", "product_id": "0002", "slug": "product-0002", "title": "Product 0002", "options": {}, "quantity": 1,
		 "availability": "out_of_stock", "problems": [{"code": "out_of_stock"}]}
	], "subtotal": {"amount": 8500, "currency": "GBP"}}`
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, want)
	s.send(t, customer, "POST", "/v1/carts/c1/claim", nil).mustBe(t, 200, want)
	r := s.send(t, guest, "POST", "/v1/carts", nil)
	r.mustBe(t, 201, want)
	if r.header.Get("Location") != "/v1/carts/c1" {
		t.Errorf("Location %q", r.header.Get("Location"))
	}
	s.send(t, guest, "GET", "/v1/carts/c2", nil).refused(t, 404, "not_found")
}

func TestACustomersCurrentCartIsShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	stock(s, map[string]int64{"SKU-0001": 100})
	s.fail(getCurrentCart, rpc.Error(codes.NotFound, cartsv1.ErrorReason_ERROR_REASON_CART_NOT_FOUND, "cart not found"))
	s.send(t, customer, "GET", "/v1/carts/current", nil).refused(t, 404, "not_found")
	on(s, getCurrentCart, func(ctx context.Context, _ *cartsv1.GetCurrentCartRequest) (*cartsv1.GetCurrentCartResponse, error) {
		if access.FromContext(ctx).CustomerID != "customer-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		return &cartsv1.GetCurrentCartResponse{Cart: &cartsv1.Cart{Id: "c1", Lines: []*cartsv1.Line{line("SKU-0001", 2)}}}, nil
	})
	cart(s, line("SKU-0001", 2))
	want := s.send(t, customer, "GET", "/v1/carts/c1", nil)
	s.send(t, customer, "GET", "/v1/carts/current", nil).mustBe(t, 200, string(want.body))
	s.send(t, guest, "GET", "/v1/carts/current", nil).refused(t, 401, "unauthenticated")
	if n := s.called(getCart); n != 1 {
		t.Errorf("carts was asked for a cart by its id %d times, want once", n)
	}
}

func TestAnEmptyCartCostsNothing(t *testing.T) {
	t.Parallel()
	s := open(t)
	cart(s)
	// Neither catalog nor inventory is needed for an empty cart.
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, `{"id": "c1", "lines": [], "subtotal": {"amount": 0, "currency": "GBP"}}`)
}

func TestACartHasPricesWhileInventoryIsDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	cart(s, line("SKU-0001", 2))
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, `{"id": "c1", "lines": [
		{"sku": "SKU-0001", "product_id": "0001", "slug": "product-0001", "title": "Product 0001", "options": {}, "quantity": 2,
		 "unit_price": {"amount": 100, "currency": "GBP"}, "line_total": {"amount": 200, "currency": "GBP"},
		 "availability": "unknown", "problems": []}],
		"subtotal": {"amount": 200, "currency": "GBP"}}`)
}

func TestACartIsUnavailableIfNoPricesAreKnown(t *testing.T) {
	t.Parallel()
	s := open(t)
	stock(s, nil)
	cart(s, line("SKU-0001", 2))
	s.send(t, guest, "GET", "/v1/carts/c1", nil).refused(t, 503, "unavailable")
	s.send(t, guest, "POST", "/v1/carts", nil).refused(t, 503, "unavailable")
}

// An earlier version of catalog does not send the slug or the image.
func TestACartIsShownWithAnEarlierVersionOfCatalog(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, catalogv1.CatalogService_GetVariants_FullMethodName, returns[*catalogv1.GetVariantsRequest](&catalogv1.GetVariantsResponse{
		Variants: []*catalogv1.SoldVariant{{Variant: mug().GetVariants()[0], ProductId: "p1", ProductTitle: "Mug"}},
	}))
	cart(s, line("MUG-S", 1))
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, `{"id": "c1", "lines": [
		{"sku": "MUG-S", "product_id": "p1", "title": "Mug — Small", "options": {"Size": "S"}, "quantity": 1,
		 "unit_price": {"amount": 1250, "currency": "GBP"}, "line_total": {"amount": 1250, "currency": "GBP"},
		 "availability": "unknown", "problems": []}],
		"subtotal": {"amount": 1250, "currency": "GBP"}}`)
}

func TestALineWithAWithdrawnVariantShowsItsProduct(t *testing.T) {
	t.Parallel()
	s := open(t)
	on(s, catalogv1.CatalogService_GetVariants_FullMethodName, returns[*catalogv1.GetVariantsRequest](&catalogv1.GetVariantsResponse{
		Withdrawn: []*catalogv1.SoldVariant{soldVariant(mug(), mug().GetVariants()[0])},
	}))
	stock(s, map[string]int64{"MUG-S": 100})
	cart(s, line("MUG-S", 1))
	s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, `{"id": "c1", "lines": [
		{"sku": "MUG-S", "product_id": "p1", "slug": "mug", "title": "Mug — Small", "options": {"Size": "S"},
		 "image": {"url": "https://example.com/mug.jpg", "alt": "A mug"}, "quantity": 1,
		 "availability": "out_of_stock", "problems": [{"code": "withdrawn"}]}],
		"subtotal": {"amount": 0, "currency": "GBP"}}`)
	s.send(t, guest, "PUT", "/v1/carts/c1/items/MUG-S", `{"quantity": 2}`).refused(t, 404, "not_found")
}

func TestTheLargestCartIsShown(t *testing.T) {
	t.Parallel()
	s := open(t)
	var products []*catalogv1.Product
	var lines []*cartsv1.Line
	levels := map[string]int64{}
	for i := range 2000 {
		products = append(products, plain(i))
		sku := fmt.Sprintf("SKU-%04d", i)
		lines = append(lines, line(sku, 100_000))
		levels[sku] = 100_000
	}
	sell(s, products...)
	stock(s, levels)
	cart(s, lines...)
	var got struct {
		Lines    []struct{ Availability string }
		Subtotal struct{ Amount int64 }
	}
	s.send(t, guest, "GET", "/v1/carts/c1", nil).into(t, &got)
	if len(got.Lines) != 2000 || got.Lines[1999].Availability != "in_stock" || got.Subtotal.Amount != 2000*100_000*100 {
		t.Errorf("%d lines, subtotal %d", len(got.Lines), got.Subtotal.Amount)
	}
}

func TestOnlySKUsOnSaleCanBePutIntoACart(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, plain(1))
	stock(s, nil)
	var asked *cartsv1.SetItemRequest
	on(s, setItem, func(ctx context.Context, req *cartsv1.SetItemRequest) (*cartsv1.SetItemResponse, error) {
		asked = req
		if access.FromContext(ctx).CustomerID != "customer-1" {
			t.Errorf("called by %+v", access.FromContext(ctx))
		}
		return &cartsv1.SetItemResponse{Cart: &cartsv1.Cart{Id: "c1", Lines: []*cartsv1.Line{line(req.GetSku(), req.GetQuantity())}}}, nil
	})
	s.send(t, customer, "PUT", "/v1/carts/c1/items/NOTHING", `{"quantity": 1}`).refused(t, 404, "not_found")
	if asked != nil {
		t.Errorf("carts was asked %v", asked)
	}
	s.send(t, customer, "PUT", "/v1/carts/c1/items/SKU-0001", `{"quantity": 100000}`).mustBe(t, 200, "")
	if asked.GetCartId() != "c1" || asked.GetSku() != "SKU-0001" || asked.GetQuantity() != 100_000 {
		t.Errorf("asked %v", asked)
	}
	s.fail(setItem, rpc.Error(codes.FailedPrecondition, cartsv1.ErrorReason_ERROR_REASON_CART_FULL, "2,000 lines at most"))
	p := s.send(t, customer, "PUT", "/v1/carts/c1/items/SKU-0001", `{"quantity": 1}`).refused(t, 422, "validation_failed")
	if len(p.Errors) != 0 || p.Detail != "2,000 lines at most" {
		t.Errorf("errors %v, detail %q; want only the detail", p.Errors, p.Detail)
	}
	s.fail(setItem, status.Error(codes.Unavailable, "busy"))
	s.send(t, customer, "PUT", "/v1/carts/c1/items/SKU-0001", `{"quantity": 1}`).refused(t, 503, "unavailable")
}

func TestASKUInAPathIsPercentEncoded(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked string
	on(s, cartsv1.CartsService_RemoveItem_FullMethodName,
		func(_ context.Context, req *cartsv1.RemoveItemRequest) (*cartsv1.RemoveItemResponse, error) {
			asked = req.GetSku()
			return &cartsv1.RemoveItemResponse{Cart: &cartsv1.Cart{Id: "c1"}}, nil
		})
	for _, sku := range []string{"A/B", "A+OT", "#12", "A (EU)", "A&B", "A:I", "A,B", "DN-Ø30", "茶", "50% wool", "a//b", "a?b", "a;b", "a=b"} {
		s.send(t, guest, "DELETE", "/v1/carts/c1/items/"+url.PathEscape(sku), nil).mustBe(t, 200, "")
		if asked != sku {
			t.Errorf("%q arrives as %q", sku, asked)
		}
	}
}

func TestALineIsRemovedFromACart(t *testing.T) {
	t.Parallel()
	s := open(t)
	var asked *cartsv1.RemoveItemRequest
	on(s, cartsv1.CartsService_RemoveItem_FullMethodName,
		func(_ context.Context, req *cartsv1.RemoveItemRequest) (*cartsv1.RemoveItemResponse, error) {
			asked = req
			return &cartsv1.RemoveItemResponse{Cart: &cartsv1.Cart{Id: "c1"}}, nil
		})
	s.send(t, guest, "DELETE", "/v1/carts/c1/items/A%2FB%25", nil).mustBe(t, 200, `{"id": "c1", "lines": [], "subtotal": {"amount": 0, "currency": "GBP"}}`)
	if asked.GetCartId() != "c1" || asked.GetSku() != "A/B%" {
		t.Errorf("asked %v", asked)
	}
}
