package checkout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"souk/platform/field"
	"souk/platform/identifier"
	"souk/platform/money"

	"souk/services/orders/internal/order"
)

// priceTime is how long pricing a cart may take.
const priceTime = 4 * time.Second

// basket is a cart with prices.
type basket struct {
	lines       []order.Line
	subtotal    money.Money
	weightGrams int64
	purchases   []string
	// noLongerSold are the lines that have no price.
	noLongerSold []order.Shortage
}

// price drafts the order that a request asks for: every line at today's price, with shipping quoted. Nothing is saved.
func (c *Checkout) price(ctx context.Context, req PlaceRequest) (order.Draft, error) {
	ctx, cancel := context.WithTimeout(ctx, priceTime)
	defer cancel()
	var address order.Address
	var addressErr error
	var asking sync.WaitGroup
	asking.Go(func() { address, addressErr = c.address(ctx, req) })
	goods, err := c.fill(ctx, req.CartID)
	asking.Wait()
	if err = cmp.Or(err, addressErr); err != nil {
		return order.Draft{}, err
	}
	if len(goods.noLongerSold) > 0 {
		return order.Draft{}, c.priceWithout(ctx, req, address, goods)
	}
	option, totals, err := c.cost(ctx, req, address, goods)
	if err != nil {
		return order.Draft{}, err
	}
	if req.ExpectedTotal != nil && *req.ExpectedTotal != totals.Total {
		return order.Draft{}, c.otherTotal(ctx, goods, totals)
	}
	email, _ := identifier.CanonicalEmail(req.GuestEmail) // checked before
	return order.Draft{
		CustomerID: req.CustomerID, GuestEmail: email, Lines: goods.lines, Totals: totals, ShippingAddress: address,
		Shipping: order.ShippingChoice{
			OptionID: option.ID, Carrier: option.Carrier, Service: option.Service, WeightGrams: goods.weightGrams,
		},
		CartID: req.CartID, Purchases: goods.purchases, PaymentMethod: req.PaymentMethod,
	}, nil
}

// otherTotal returns the error for a total that is not the expected one. It is an InsufficientStockError if there is not enough of some
// lines, because clients leave such lines out of the total. Otherwise, or while inventory is away, it is a PriceChangedError.
func (c *Checkout) otherTotal(ctx context.Context, goods basket, totals order.Totals) error {
	changed := &PriceChangedError{Detail: "the total is " + totals.Total.String(), Totals: &totals}
	skus := make([]string, len(goods.lines))
	for i, line := range goods.lines {
		skus[i] = line.SKU
	}
	available, err := c.peers.Inventory.Available(ctx, skus)
	if err != nil {
		return changed
	}
	var shortages []order.Shortage
	for _, line := range goods.lines {
		if line.Untracked || line.ContinueSelling {
			continue
		}
		if left := max(available[line.SKU], 0); left < line.Quantity {
			shortages = append(shortages, order.Shortage{SKU: line.SKU, Requested: line.Quantity, Available: left})
		}
	}
	if len(shortages) > 0 {
		return &InsufficientStockError{Shortages: shortages}
	}
	return changed
}

// cost returns what a basket costs, and how it is sent.
func (c *Checkout) cost(ctx context.Context, req PlaceRequest, to order.Address, goods basket) (ShippingOption, order.Totals, error) {
	option, err := c.quote(ctx, req, to, goods)
	if err != nil {
		return ShippingOption{}, order.Totals{}, err
	}
	totals, err := sum(goods.subtotal, option.Price)
	return option, totals, err
}

// priceWithout returns the PriceChangedError of a basket with lines that are no longer sold, or an error after which another try may
// succeed. When the other lines cannot be sent as was asked for, the error has no totals: the client learns why with its next checkout.
func (c *Checkout) priceWithout(ctx context.Context, req PlaceRequest, to order.Address, goods basket) error {
	changed := &PriceChangedError{Detail: goods.noLongerSold[0].SKU + " is no longer sold", NoLongerSold: goods.noLongerSold}
	if n := len(goods.noLongerSold); n > 1 {
		changed.Detail = fmt.Sprintf("%d lines are no longer sold", n)
	}
	if len(goods.lines) == 0 {
		return changed
	}
	_, totals, err := c.cost(ctx, req, to, goods)
	var invalid *field.Error
	switch {
	case err == nil:
		changed.Totals = &totals
	case !errors.As(err, &invalid):
		return err
	}
	return changed
}

// fill prices what is in the cart.
func (c *Checkout) fill(ctx context.Context, cartID string) (basket, error) {
	cart, err := c.peers.Carts.Cart(ctx, cartID)
	if err != nil {
		return basket{}, fmt.Errorf("get cart: %w", err)
	}
	if len(cart.Items) == 0 {
		return basket{}, ErrCartEmpty
	}
	skus := make([]string, len(cart.Items))
	for i, item := range cart.Items {
		skus[i] = item.SKU
	}
	variants, err := c.peers.Catalog.Variants(ctx, skus)
	if err != nil {
		return basket{}, fmt.Errorf("get variants: %w", err)
	}
	goods := basket{purchases: cart.Purchases}
	for _, item := range cart.Items {
		variant, ok := variants[item.SKU]
		if !ok {
			goods.noLongerSold = append(goods.noLongerSold, order.Shortage{SKU: item.SKU, Requested: item.Quantity})
			continue
		}
		if err := goods.add(item, variant); err != nil {
			return basket{}, err
		}
	}
	return goods, nil
}

// add puts an item in the basket. It returns a *field.Error when a sum does not fit in 64 bits.
func (b *basket) add(item order.Item, variant Variant) error {
	if len(b.lines) == 0 {
		b.subtotal = money.New(0, variant.Price.Currency)
	}
	total, err := variant.Price.Times(item.Quantity)
	if err != nil {
		return tooMuch(err)
	}
	if b.subtotal, err = b.subtotal.Add(total); err != nil {
		return tooMuch(err)
	}
	if variant.WeightGrams > 0 && item.Quantity > (math.MaxInt64-b.weightGrams)/variant.WeightGrams {
		return field.Invalid("cart_id", "weighs more than an order can")
	}
	b.weightGrams += variant.WeightGrams * item.Quantity
	b.lines = append(b.lines, order.Line{
		SKU: item.SKU, Title: variant.Title, Quantity: item.Quantity, UnitPrice: variant.Price, LineTotal: total, Origin: variant.Origin,
		StockRule: variant.StockRule,
	})
	return nil
}

func sum(subtotal, shipping money.Money) (order.Totals, error) {
	total, err := subtotal.Add(shipping)
	if err != nil {
		return order.Totals{}, tooMuch(err)
	}
	return order.Totals{Subtotal: subtotal, Shipping: shipping, Tax: money.New(0, total.Currency), Total: total}, nil
}

func tooMuch(err error) error {
	if errors.Is(err, money.ErrOverflow) {
		return field.Invalid("cart_id", "is worth more than an order can be")
	}
	return fmt.Errorf("price cart: %w", err)
}

// address returns where the order goes.
func (c *Checkout) address(ctx context.Context, req PlaceRequest) (order.Address, error) {
	if req.ShippingAddress != nil {
		return *req.ShippingAddress, nil
	}
	address, err := c.peers.Customers.Address(ctx, req.AddressID)
	if err != nil {
		return order.Address{}, fmt.Errorf("get address: %w", err)
	}
	return address, nil
}

// quote returns the shipping option that was asked for, at today's price.
func (c *Checkout) quote(ctx context.Context, req PlaceRequest, to order.Address, goods basket) (ShippingOption, error) {
	options, err := c.peers.Shipping.Quote(ctx, to, goods.weightGrams, goods.subtotal.Currency)
	if err != nil {
		return ShippingOption{}, fmt.Errorf("quote shipping: %w", inRequest(err, req))
	}
	for _, option := range options {
		if option.ID == req.ShippingOption {
			return option, nil
		}
	}
	return ShippingOption{}, field.Invalid("shipping_option", "is not offered for this cart and address")
}

// inRequest renames the fields that shipping does not accept to the fields of the request they come from: of the address, or of the
// cart.
func inRequest(err error, req PlaceRequest) error {
	var invalid *field.Error
	if !errors.As(err, &invalid) {
		return err
	}
	named := &field.Error{}
	for _, v := range invalid.Violations {
		name := "shipping_address." + v.Field
		switch {
		case v.Field != "country" && v.Field != "postal_code":
			name = "cart_id"
		case req.AddressID != "":
			name = "address_id"
		}
		named.Violations = append(named.Violations, field.Violation{Field: name, Message: v.Message})
	}
	return named
}
