package handler_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"

	errorsv1 "souk/proto/gen/souk/errors/v1"
	shippingv1 "souk/proto/gen/souk/shipping/v1"

	"souk/platform/field"
	"souk/platform/rpc"
)

const (
	quoteRPC  = shippingv1.ShippingService_Quote_FullMethodName
	quoteBody = `{"cart_id": "c1", "address": {"country": "GB", "postal_code": "LS1 6DT"}}`
	// The answer without its problems.
	quoted = `{"options": [
		{"id": "royal-standard", "carrier": "Royal", "service": "Standard", "price": {"amount": 395, "currency": "GBP"}, "min_days": 2, "max_days": 3}],
		"problems": `
)

// carry makes shipping return one option, and returns the last request to it.
func carry(s *shop) *shippingv1.QuoteRequest {
	asked := &shippingv1.QuoteRequest{}
	on(s, quoteRPC, func(_ context.Context, req *shippingv1.QuoteRequest) (*shippingv1.QuoteResponse, error) {
		asked.Destination, asked.WeightGrams, asked.Currency = req.GetDestination(), req.GetWeightGrams(), req.GetCurrency()
		return &shippingv1.QuoteResponse{Options: []*shippingv1.Option{
			{Id: "royal-standard", Carrier: "Royal", Service: "Standard", Price: gbp(395), MinDays: 2, MaxDays: 3},
		}}, nil
	})
	return asked
}

func TestAQuoteIsForTheWeightOfTheCart(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug(), plain(1))
	stock(s, map[string]int64{"MUG-S": 2, "SKU-0001": 7})
	cart(s, line("MUG-S", 2), line("SKU-0001", 7))
	asked := carry(s)
	s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).mustBe(t, 200, quoted+`[]}`)
	if asked.GetWeightGrams() != 2*300+7*10 || asked.GetCurrency() != "GBP" || asked.GetDestination().GetCountry() != "GB" ||
		asked.GetDestination().GetPostalCode() != "LS1 6DT" {
		t.Errorf("asked %v", asked)
	}
	cart(s)
	s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).refused(t, 409, "cart_empty")
	s.send(t, guest, "POST", "/v1/shipping-quotes", `{"cart_id": "c2", "address": {"country": "GB", "postal_code": "LS1 6DT"}}`).
		refused(t, 404, "not_found")
}

func TestAQuoteIsForTheLinesThatCanBeBought(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug(), plain(1))
	stock(s, map[string]int64{"MUG-S": 2, "MUG-L": 3})
	cart(s, line("MUG-S", 2), line("MUG-L", 4), line("SKU-0001", 7), line("GONE", 9))
	asked := carry(s)
	problems := `[{"sku": "MUG-L", "code": "not_enough", "available": 3}, {"sku": "SKU-0001", "code": "out_of_stock"},
		{"sku": "GONE", "code": "withdrawn"}]}`
	s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).mustBe(t, 200, quoted+problems)
	if asked.GetWeightGrams() != 2*300 {
		t.Errorf("asked for %d g", asked.GetWeightGrams())
	}
	stock(s, map[string]int64{"MUG-L": 3})
	s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).mustBe(t, 200, quoted+`[{"sku": "MUG-S", "code": "out_of_stock"}, `+problems[1:])
	if asked.GetWeightGrams() != 2*300+4*450+7*10 {
		t.Errorf("asked for %d g, want the whole cart", asked.GetWeightGrams())
	}
}

func TestAQuoteHasNoProblemsWhileInventoryIsDown(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	cart(s, line("MUG-S", 2), line("GONE", 9))
	asked := carry(s)
	s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).mustBe(t, 200, quoted+`[{"sku": "GONE", "code": "withdrawn"}]}`)
	if asked.GetWeightGrams() != 2*300 {
		t.Errorf("asked for %d g", asked.GetWeightGrams())
	}
}

func TestShippingsRefusalOfADestinationNamesTheFieldsOfTheAddress(t *testing.T) {
	t.Parallel()
	s := open(t)
	sell(s, mug())
	cart(s, line("MUG-S", 1))
	violation := field.Violation{Field: "destination.postal_code", Message: "must look like LS1 6DT"}
	s.fail(quoteRPC, rpc.Error(codes.InvalidArgument, errorsv1.ErrorReason_ERROR_REASON_VALIDATION_FAILED, "invalid", rpc.Blame(violation)))
	p := s.send(t, guest, "POST", "/v1/shipping-quotes", quoteBody).refused(t, 422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "address.postal_code" {
		t.Errorf("the errors are %v, want one of address.postal_code", p.Errors)
	}
}
