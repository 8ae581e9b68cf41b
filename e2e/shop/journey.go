package shop

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Login returns a client that is logged in.
func (c *Client) Login(ctx context.Context, email, password string) (*Client, Session, error) {
	var session Session
	err := c.Do(ctx, http.MethodPost, "/v1/sessions", map[string]string{"email": email, "password": password}, &session)
	client := c.As(session.AccessToken)
	client.login = newLogin(email, password, session)
	return client, session, err
}

// Register opens an account and returns a client that is logged in to it.
func (c *Client) Register(ctx context.Context, email, password, name string) (*Client, Session, error) {
	account := map[string]string{"email": email, "password": password, "name": name}
	if err := c.Do(ctx, http.MethodPost, "/v1/customers", account, nil); err != nil {
		return nil, Session{}, err
	}
	return c.Login(ctx, email, password)
}

// OpenCart opens a cart, or returns the customer's own.
func (c *Client) OpenCart(ctx context.Context) (Cart, error) {
	var cart Cart
	err := c.Do(ctx, http.MethodPost, "/v1/carts", nil, &cart)
	return cart, err
}

// Put puts a SKU in a cart at a quantity.
func (c *Client) Put(ctx context.Context, cartID, sku string, quantity int64) (Cart, error) {
	var cart Cart
	err := c.Do(ctx, http.MethodPut, "/v1/carts/"+cartID+"/items/"+url.PathEscape(sku), map[string]int64{"quantity": quantity}, &cart)
	return cart, err
}

// Quote asks what sending a cart to an address costs.
func (c *Client) Quote(ctx context.Context, cartID string, to Address) (Quote, error) {
	var quote Quote
	err := c.Do(ctx, http.MethodPost, "/v1/shipping-quotes", map[string]any{
		"cart_id": cartID, "address": map[string]string{"country": to.Country, "postal_code": to.PostalCode},
	}, &quote)
	return quote, err
}

// PlaceOrder checks a cart out under an idempotency key.
func (c *Client) PlaceOrder(ctx context.Context, key string, checkout Checkout) (Order, error) {
	var order Order
	err := c.Do(ctx, http.MethodPost, "/v1/orders", checkout, &order, Header{"Idempotency-Key", key})
	return order, err
}

// Order returns an order.
func (c *Client) Order(ctx context.Context, id string) (Order, error) {
	var order Order
	err := c.Do(ctx, http.MethodGet, "/v1/orders/"+id, nil, &order)
	return order, err
}

// EventTicket returns a ticket for the events of an order.
func (c *Client) EventTicket(ctx context.Context, orderID string) (string, error) {
	var made struct{ Ticket string }
	err := c.Do(ctx, http.MethodPost, "/v1/orders/"+orderID+"/event-tickets", nil, &made)
	return made.Ticket, err
}

// RequestReturn asks to send goods of an order back.
func (c *Client) RequestReturn(ctx context.Context, orderID string, request ReturnRequest) (Return, error) {
	var granted Return
	err := c.Do(ctx, http.MethodPost, "/v1/orders/"+orderID+"/returns", request, &granted)
	return granted, err
}

// Stock returns the level of a SKU. Staff only.
func (c *Client) Stock(ctx context.Context, sku string) (Level, error) {
	var level Level
	err := c.Do(ctx, http.MethodGet, "/v1/inventory/"+url.PathEscape(sku), nil, &level)
	return level, err
}

// Adjust adds to or takes from the stock of a SKU. Staff only.
func (c *Client) Adjust(ctx context.Context, sku string, delta int64, reason string) (Level, error) {
	var level Level
	err := c.Do(ctx, http.MethodPost, "/v1/inventory/"+url.PathEscape(sku)+"/adjustments",
		map[string]any{"delta": delta, "reason": reason}, &level)
	return level, err
}

// Import imports a product file. Staff only.
func (c *Client) Import(ctx context.Context, file []byte) (Import, error) {
	var imported Import
	err := c.Do(ctx, http.MethodPost, "/v1/product-imports", file, &imported)
	return imported, err
}

// ImportAll imports a file of which every row must go in.
func (c *Client) ImportAll(ctx context.Context, file []byte) error {
	imported, err := c.Import(ctx, file)
	if err == nil && len(imported.Errors) > 0 {
		err = fmt.Errorf("import: %v", imported.Errors)
	}
	return err
}

// Sell puts a product on sale for each SKU, with so many pieces in stock. The first one costs 1.50, and each one more than that before it.
func (c *Client) Sell(ctx context.Context, skus []string, pieces int) error {
	file := []byte("Handle,Title,Variant SKU,Variant Price,Variant Grams,Variant Inventory Qty\n")
	for i, sku := range skus {
		file = fmt.Appendf(file, "%s,Thing %s,%s,%d.50,100,%d\n", strings.ToLower(sku), sku, sku, i+1, pieces)
	}
	return c.ImportAll(ctx, file)
}
