package checkout_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"souk/platform/field"
	"souk/platform/money"

	"souk/services/orders/internal/checkout"
	"souk/services/orders/internal/order"
)

func TestRequestsAreCheckedFieldByField(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*checkout.PlaceRequest)
		fields []string
	}{
		"good":                {func(*checkout.PlaceRequest) {}, nil},
		"address id":          {func(r *checkout.PlaceRequest) { r.AddressID, r.ShippingAddress = "a", nil }, nil},
		"no key":              {func(r *checkout.PlaceRequest) { r.IdempotencyKey = "" }, []string{"Idempotency-Key"}},
		"blank key":           {func(r *checkout.PlaceRequest) { r.IdempotencyKey = "\u00a0" }, []string{"Idempotency-Key"}},
		"longest key":         {func(r *checkout.PlaceRequest) { r.IdempotencyKey = strings.Repeat("ü", 255) }, nil},
		"long key":            {func(r *checkout.PlaceRequest) { r.IdempotencyKey = strings.Repeat("k", 256) }, []string{"Idempotency-Key"}},
		"no cart":             {func(r *checkout.PlaceRequest) { r.CartID = " " }, []string{"cart_id"}},
		"NUL":                 {func(r *checkout.PlaceRequest) { r.CartID = "a\x00" }, []string{"cart_id"}},
		"not UTF-8":           {func(r *checkout.PlaceRequest) { r.ShippingAddress.City = "\xff" }, []string{"shipping_address.city"}},
		"no address":          {func(r *checkout.PlaceRequest) { r.ShippingAddress = nil }, []string{"address_id"}},
		"both":                {func(r *checkout.PlaceRequest) { r.AddressID = "a" }, []string{"address_id"}},
		"bare address":        {func(r *checkout.PlaceRequest) { r.ShippingAddress = &order.Address{} }, []string{"shipping_address.name", "shipping_address.line1", "shipping_address.city", "shipping_address.country"}},
		"no country":          {func(r *checkout.PlaceRequest) { r.ShippingAddress.Country = "UK" }, []string{"shipping_address.country"}},
		"no code":             {func(r *checkout.PlaceRequest) { r.ShippingAddress.PostalCode = "" }, []string{"shipping_address.postal_code"}},
		"odd code":            {func(r *checkout.PlaceRequest) { r.ShippingAddress.PostalCode = "12345" }, []string{"shipping_address.postal_code"}},
		"Dubai":               {func(r *checkout.PlaceRequest) { r.ShippingAddress.Country, r.ShippingAddress.PostalCode = "AE", "" }, nil},
		"guest":               {func(r *checkout.PlaceRequest) { r.CustomerID, r.GuestEmail = "", "ada@example.com" }, nil},
		"nobody":              {func(r *checkout.PlaceRequest) { r.CustomerID = "" }, []string{"email"}},
		"no email":            {func(r *checkout.PlaceRequest) { r.CustomerID, r.GuestEmail = "", "ada" }, []string{"email"}},
		"email of a customer": {func(r *checkout.PlaceRequest) { r.GuestEmail = "ada@example.com" }, []string{"email"}},
		"guest's address id": {func(r *checkout.PlaceRequest) {
			r.CustomerID, r.GuestEmail, r.AddressID, r.ShippingAddress = "", "ada@example.com", "a", nil
		}, []string{"address_id"}},
		"no option":    {func(r *checkout.PlaceRequest) { r.ShippingOption = "" }, []string{"shipping_option"}},
		"no method":    {func(r *checkout.PlaceRequest) { r.PaymentMethod = " " }, []string{"payment_method"}},
		"Stripe's id":  {func(r *checkout.PlaceRequest) { r.PaymentMethod = "pm_1MqLiJLkdIwHu7ixUEgbFdYF" }, nil},
		"any method":   {func(r *checkout.PlaceRequest) { r.PaymentMethod = "Überweisung, bitte!" }, nil},
		"long method":  {func(r *checkout.PlaceRequest) { r.PaymentMethod = strings.Repeat("p", 256) }, []string{"payment_method"}},
		"method's NUL": {func(r *checkout.PlaceRequest) { r.PaymentMethod = "pm\x00" }, []string{"payment_method"}},
		"negative":     {func(r *checkout.PlaceRequest) { r.ExpectedTotal = &money.Money{Amount: -1, Currency: "GBP"} }, []string{"expected_total"}},
		"currency":     {func(r *checkout.PlaceRequest) { r.ExpectedTotal = &money.Money{Amount: 1, Currency: "gbp"} }, []string{"expected_total"}},
	} {
		req := checkout.PlaceRequest{
			CustomerID: "customer", IdempotencyKey: "key", CartID: "cart", ShippingOption: "standard", PaymentMethod: "pm_card_visa",
			ShippingAddress: &order.Address{Name: "Sam", Line1: "1 Market Street", City: "Leeds", PostalCode: "LS1 6DT", Country: "GB"},
		}
		test.change(&req)
		err := req.Validate()
		var invalid *field.Error
		var named []string
		if errors.As(err, &invalid) {
			for _, v := range invalid.Violations {
				named = append(named, v.Field)
			}
		}
		if !slices.Equal(named, test.fields) || (err == nil) != (len(test.fields) == 0) {
			t.Errorf("%s: %v, want violations of %q", name, err, test.fields)
		}
	}
}
