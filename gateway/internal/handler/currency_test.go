package handler_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	cartsv1 "souk/proto/gen/souk/carts/v1"
	catalogv1 "souk/proto/gen/souk/catalog/v1"
	moneyv1 "souk/proto/gen/souk/money/v1"
	ordersv1 "souk/proto/gen/souk/orders/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"
)

// eachCurrency runs a test in a shop that sells in yen, which have no decimals, and in one that sells in dinars, which have
// three. Amounts are in minor units everywhere, so no code may scale them.
func eachCurrency(t *testing.T, test func(t *testing.T, s *shop, currency string)) {
	t.Helper()
	for _, currency := range []string{"JPY", "KWD"} {
		t.Run(currency, func(t *testing.T) {
			t.Parallel()
			test(t, openIn(t, currency), currency)
		})
	}
}

func in(currency string, amount int64) *moneyv1.Money {
	return &moneyv1.Money{Amount: amount, Currency: currency}
}

func inJSON(currency string, amount int64) string {
	return fmt.Sprintf(`{"amount": %d, "currency": %q}`, amount, currency)
}

func TestProductsArePricedInTheShopsCurrency(t *testing.T) {
	t.Parallel()
	eachCurrency(t, func(t *testing.T, s *shop, currency string) {
		product := plain(1)
		product.MinPrice, product.MaxPrice, product.Variants[0].Price = in(currency, 1), in(currency, 1999), in(currency, 1999)
		stock(s, nil)
		var query *catalogv1.ListProductsRequest
		on(s, listProducts, func(_ context.Context, req *catalogv1.ListProductsRequest) (*catalogv1.ListProductsResponse, error) {
			query = req
			return &catalogv1.ListProductsResponse{Products: []*catalogv1.ListedProduct{{Product: product}}}, nil
		})
		var created *catalogv1.ProductInput
		on(s, catalogv1.CatalogService_CreateProduct_FullMethodName,
			func(_ context.Context, req *catalogv1.CreateProductRequest) (*catalogv1.CreateProductResponse, error) {
				created = req.GetProduct()
				return &catalogv1.CreateProductResponse{Product: product}, nil
			})
		shown := `{"id": "0001", "slug": "product-0001", "title": "Product 0001", "description": "", "brand": "", "category": "",
			"tags": [], "images": [], "updated_at": "1970-01-01T00:00:00Z", "status": "active",
			"price": {"min": ` + inJSON(currency, 1) + `, "max": ` + inJSON(currency, 1999) + `},
			"variants": [{"sku": "SKU-0001", "title": "", "options": {}, "price": ` + inJSON(currency, 1999) + `, "weight_grams": 10,
				"availability": "out_of_stock", "inventory": {"tracked": true, "policy": "deny"}}]}`
		s.send(t, guest, "GET", "/v1/products?min_price=1&max_price=1999", nil).mustBe(t, 200, `{"items": [`+shown+`]}`)
		if query.GetMinPrice() != 1 || query.GetMaxPrice() != 1999 {
			t.Errorf("catalog was asked %v", query)
		}
		body := `{"title": "T", "variants": [{"sku": "S", "price": ` + inJSON(currency, 1999) + `}]}`
		s.send(t, staff, "POST", "/v1/products", body).mustBe(t, 201, strings.ReplaceAll(shown, "out_of_stock", "unknown"))
		if price := created.GetVariants()[0].GetPrice(); price.GetAmount() != 1999 || price.GetCurrency() != currency {
			t.Errorf("catalog was given %v", price)
		}
	})
}

func TestCartsAndQuotesAreInTheShopsCurrency(t *testing.T) {
	t.Parallel()
	eachCurrency(t, func(t *testing.T, s *shop, currency string) {
		product := plain(1)
		product.Variants[0].Price = in(currency, 1999)
		sell(s, product)
		stock(s, map[string]int64{"SKU-0001": 100})
		cart(s, &cartsv1.Line{Sku: "SKU-0001", Quantity: 3}, &cartsv1.Line{Sku: "GONE", Quantity: 1})
		on(s, shippingv1.ShippingService_Quote_FullMethodName,
			func(_ context.Context, req *shippingv1.QuoteRequest) (*shippingv1.QuoteResponse, error) {
				return &shippingv1.QuoteResponse{Options: []*shippingv1.Option{{Id: "x", Price: in(req.GetCurrency(), 1)}}}, nil
			})
		s.send(t, guest, "GET", "/v1/carts/c1", nil).mustBe(t, 200, `{"id": "c1", "lines": [
			{"sku": "SKU-0001", "product_id": "0001", "slug": "product-0001", "title": "Product 0001", "options": {}, "quantity": 3,
			 "unit_price": `+inJSON(currency, 1999)+`, "line_total": `+inJSON(currency, 5997)+`, "availability": "in_stock", "problems": []},
			{"sku": "GONE", "title": "GONE", "quantity": 1, "availability": "out_of_stock", "problems": [{"code": "withdrawn"}]}],
			"subtotal": `+inJSON(currency, 5997)+`}`)
		s.send(t, guest, "POST", "/v1/shipping-quotes", `{"cart_id": "c1", "address": {"country": "GB", "postal_code": "LS1"}}`).
			mustBe(t, 200, `{"options": [{"id": "x", "carrier": "", "service": "", "price": `+inJSON(currency, 1)+`, "min_days": 0, "max_days": 0}],
			"problems": [{"sku": "GONE", "code": "withdrawn"}]}`)
	})
}

func TestOrdersAndRefundsAreInTheShopsCurrency(t *testing.T) {
	t.Parallel()
	eachCurrency(t, func(t *testing.T, s *shop, currency string) {
		order := placed(ordersv1.Status_STATUS_CONFIRMED)
		order.Totals = &ordersv1.Totals{Subtotal: in(currency, 1999), Shipping: in(currency, 1), Tax: in(currency, 0), Total: in(currency, 2000)}
		var expected, refunded *moneyv1.Money
		on(s, placeOrder, func(_ context.Context, req *ordersv1.PlaceOrderRequest) (*ordersv1.PlaceOrderResponse, error) {
			expected = req.GetExpectedTotal()
			return &ordersv1.PlaceOrderResponse{Placement: &ordersv1.Placement{Order: order}}, nil
		})
		on(s, refundOrder, func(_ context.Context, req *ordersv1.RefundOrderRequest) (*ordersv1.RefundOrderResponse, error) {
			refunded = req.GetAmount()
			return &ordersv1.RefundOrderResponse{Refund: &ordersv1.Refund{Amount: req.GetAmount(), Status: ordersv1.Refund_STATUS_PENDING}}, nil
		})
		var shown struct {
			Totals struct {
				Total struct {
					Amount   int64
					Currency string
				}
			}
		}
		body := `{"cart_id": "c1", "address_id": "a1", "shipping_option": "o", "payment_method": "p", "expected_total": ` + inJSON(currency, 2000) + `}`
		r := s.send(t, customer, "POST", "/v1/orders", body, "Idempotency-Key", "k")
		r.mustBe(t, 201, "")
		r.into(t, &shown)
		if total := shown.Totals.Total; total.Amount != 2000 || total.Currency != currency || expected.GetAmount() != 2000 || expected.GetCurrency() != currency {
			t.Errorf("shown %v, orders was told %v", total, expected)
		}
		body = `{"amount": ` + inJSON(currency, 1) + `, "reason": "r"}`
		s.send(t, staff, "POST", "/v1/admin/orders/o1/refunds", body, "Idempotency-Key", "k").mustBe(t, 201, "")
		if refunded.GetAmount() != 1 || refunded.GetCurrency() != currency {
			t.Errorf("orders was told %v", refunded)
		}
	})
}
