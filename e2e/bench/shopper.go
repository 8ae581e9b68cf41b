package bench

import (
	"context"
	cryptorand "crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"

	"souk/e2e/shop"
)

// shopper is a customer who is signed in. One goroutine at a time makes their requests.
type shopper struct {
	*Shop
	random *rand.Rand
	token  string // as the header Authorization has it
	cart   string // the customer's own
	basket []product
	step   int    // of the visit, see mix
	guest  string // the cart that is filled during a visit
	key    string // what the Idempotency-Keys of the orders begin with
	orders int
}

// lines are how many lines the carts have that are looked at.
const lines = 3

// newShopper puts the same goods in the cart of the shopper i whenever they sign in.
func newShopper(ctx context.Context, s *Shop, i int, signedIn *shop.Client) (*shopper, error) {
	cart, err := signedIn.OpenCart(ctx)
	if err != nil {
		return nil, fmt.Errorf("open a cart: %w", err)
	}
	p := &shopper{Shop: s, random: rand.New(rand.NewPCG(1, uint64(i))), token: "Bearer " + signedIn.Token, cart: cart.ID, key: cryptorand.Text()}
	for range lines {
		p.basket = append(p.basket, p.anything())
		if err := p.add(ctx, p.cart, p.basket[len(p.basket)-1].sku, 1); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// anything returns a product other than the hot one.
func (p *shopper) anything() product {
	return p.products[1+p.random.IntN(len(p.products)-1)]
}

func (p *shopper) look(ctx context.Context, path string) error {
	_, err := p.client.get(ctx, path, p.token)
	return err
}

// detail looks at a product.
func (p *shopper) detail(ctx context.Context) error {
	return p.look(ctx, "/v1/products/"+p.anything().slug)
}

// detailAsked does it at the gateway that keeps no copies.
func (p *shopper) detailAsked(ctx context.Context) error {
	_, err := p.asking.get(ctx, "/v1/products/"+p.anything().slug, p.token)
	return err
}

// list looks at the first 20 products of a category.
func (p *shopper) list(ctx context.Context) error {
	return p.look(ctx, "/v1/products?limit=20&category="+category(things[p.random.IntN(len(things))]))
}

// search looks for two words, which ten products have.
func (p *shopper) search(ctx context.Context) error {
	return p.look(ctx, "/v1/products?limit=20&q="+p.anything().query)
}

// addToCart puts one of the SKUs that the own cart holds in it at another quantity.
func (p *shopper) addToCart(ctx context.Context) error {
	return p.add(ctx, p.cart, p.basket[p.random.IntN(len(p.basket))].sku, 1+p.random.IntN(9))
}

func (p *shopper) add(ctx context.Context, cart, sku string, quantity int) error {
	_, err := p.client.do(ctx, request{
		method: http.MethodPut, path: "/v1/carts/" + cart + "/items/" + sku, token: p.token,
		body: fmt.Appendf(nil, `{"quantity":%d}`, quantity),
	})
	return err
}

// viewCart looks at the own cart.
func (p *shopper) viewCart(ctx context.Context) error {
	return p.look(ctx, "/v1/carts/"+p.cart)
}

// openGuestCart opens a cart that is nobody's.
func (p *shopper) openGuestCart(ctx context.Context) (string, error) {
	answer, err := p.client.do(ctx, request{method: http.MethodPost, path: "/v1/carts"})
	if err != nil {
		return "", err
	}
	var cart struct{ ID string }
	err = json.Unmarshal(answer, &cart)
	return cart.ID, err
}

// order buys a guest cart: claims it, asks for the shipping options, and places the order, which must be confirmed.
func (p *shopper) order(ctx context.Context, cart string) error {
	_, err := p.client.do(ctx, request{method: http.MethodPost, path: "/v1/carts/" + cart + "/claim", token: p.token})
	if err != nil {
		return err
	}
	_, err = p.client.do(ctx, request{
		method: http.MethodPost, path: "/v1/shipping-quotes", token: p.token,
		body: fmt.Appendf(nil, `{"cart_id":%q,"address":{"country":"GB","postal_code":"LS1 6DT"}}`, p.cart),
	})
	if err != nil {
		return err
	}
	p.orders++
	answer, err := p.client.do(ctx, request{
		method: http.MethodPost, path: "/v1/orders", token: p.token, key: fmt.Sprintf("%s-%d", p.key, p.orders),
		body: fmt.Appendf(nil, checkout, p.cart),
	})
	if err != nil {
		return err
	}
	var order struct{ Status string }
	if err := json.Unmarshal(answer, &order); err != nil {
		return err
	}
	if order.Status != "confirmed" {
		return fmt.Errorf("the order is %s: %.300s", order.Status, answer)
	}
	p.confirmed.Add(1)
	return nil
}

const checkout = `{"cart_id":%q,"shipping_address":{"name":"Ada Shopper","line1":"1 Market Street","city":"Leeds","postal_code":"LS1 6DT","country":"GB"},` +
	`"shipping_option":"royal-standard","payment_method":"pm_card_visa"}`

// fillCart opens a guest cart with one piece of each SKU in it.
func (p *shopper) fillCart(ctx context.Context, skus ...string) (string, error) {
	cart, err := p.openGuestCart(ctx)
	for _, sku := range skus {
		if err == nil {
			err = p.add(ctx, cart, sku, 1)
		}
	}
	return cart, err
}

var errNoCarts = errors.New("the filled carts have run out, because the shop is faster than was expected")

// orderFilled buys a cart that was filled before.
func (p *shopper) orderFilled(ctx context.Context) error {
	cart := p.filled.take()
	if cart == "" {
		return errNoCarts
	}
	return p.order(ctx, cart)
}
