package bench

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"souk/e2e/bench/growth"
	"souk/e2e/shop"
)

// grown is a shop that data is loaded into.
type grown struct {
	*Shop
	loader *growth.Loader
}

func openGrown(ctx context.Context, s *Shop) (*grown, error) {
	loader, err := growth.Open(ctx, s.Stack)
	return &grown{Shop: s, loader: loader}, err
}

// Close closes the loader; the shop goes on.
func (g *grown) Close(ctx context.Context) error { return g.loader.Close(ctx) }

// slugs are those of the imported products.
func (g *grown) slugs() []string {
	var all []string
	for _, p := range g.products {
		all = append(all, p.slug)
	}
	return all
}

// skus are the small sizes of the imported products, without that of the hot one.
func (g *grown) skus() []string {
	var all []string
	for _, p := range g.products[1:] {
		all = append(all, p.sku)
	}
	return all
}

// allSKUs are both sizes of the imported products, without those of the hot one.
func (g *grown) allSKUs() []string {
	var all []string
	for _, sku := range g.skus() {
		all = append(all, sku, strings.TrimSuffix(sku, "S")+"L")
	}
	return all
}

// addTo puts another quantity of one of its SKUs in any of the loaded guest carts.
func (g *grown) addTo(carts int) Scenario {
	skus := g.skus()
	return Scenario{visit: func(p *shopper, ctx context.Context) error {
		i := 1 + p.random.IntN(carts)
		sku := growth.CartSKU(i, p.random.IntN(growth.CartLines), skus)
		return p.add(ctx, growth.CartID(i), sku, 1+p.random.IntN(9))
	}}
}

func viewOf(cart string) Scenario {
	return Scenario{visit: func(p *shopper, ctx context.Context) error { return p.look(ctx, "/v1/carts/"+cart) }}
}

// browse looks at any product, category or pair of words of the editions. It asks the gateway that keeps no copies, because copies would
// hide how many products there are.
func (g *grown) browse(editions []growth.Edition) map[string]Scenario {
	asked := func(path func(p *shopper, e growth.Edition) string) Scenario {
		return Scenario{visit: func(p *shopper, ctx context.Context) error {
			_, err := p.asking.get(ctx, path(p, editions[p.random.IntN(len(editions))]), p.token)
			return err
		}}
	}
	return map[string]Scenario{
		detail: asked(func(p *shopper, e growth.Edition) string { return "/v1/products/" + e.Slug(p.anything().slug) }),
		list: asked(func(p *shopper, e growth.Edition) string {
			return "/v1/products?limit=20&category=" + e.Family + category(things[p.random.IntN(len(things))])
		}),
		search: asked(func(p *shopper, e growth.Edition) string {
			_, material, thing := words(p.anything().slug)
			return "/v1/products?limit=20&q=" + material + "+" + e.Family + thing
		}),
	}
}

// The operations on accounts, in the order that they are measured in.
const (
	register    = "register"
	logIn       = "log in"
	profileRead = "read the profile"
	saveAddress = "save an address"
)

var accountOperations = []string{register, logIn, profileRead, saveAddress}

// signedIn is how many of the loaded accounts are signed in, to be used by all shoppers.
const signedIn = 80

// customers are the operations on accounts. Logins are to any of so many loaded accounts; profiles and addresses are those of accounts
// that are spread over all, because each has to be signed in.
func (g *grown) customers(ctx context.Context, accounts int, addresses growth.Addresses) (map[string]Scenario, error) {
	var tokens []string
	door := shop.New(g.URL())
	for i := range signedIn {
		account := 1 + i*accounts/signedIn
		_, session, err := door.Login(ctx, growth.Email(account), growth.Password)
		if err != nil {
			return nil, fmt.Errorf("log in to the loaded account %d: %w", account, err)
		}
		tokens = append(tokens, "Bearer "+session.AccessToken)
	}
	send := func(of func(p *shopper) request) Scenario {
		return Scenario{visit: func(p *shopper, ctx context.Context) error {
			_, err := p.client.do(ctx, of(p))
			return err
		}}
	}
	token := func(p *shopper) string { return tokens[p.random.IntN(signedIn)] }
	return map[string]Scenario{
		register: send(func(*shopper) request {
			body := fmt.Appendf(nil, `{"email":"%s@growth.example","password":%q,"name":"Ada Shopper"}`, rand.Text(), growth.Password)
			return request{method: http.MethodPost, path: "/v1/customers", body: body}
		}),
		logIn: send(func(p *shopper) request {
			body := fmt.Appendf(nil, `{"email":%q,"password":%q}`, growth.Email(1+p.random.IntN(accounts)), growth.Password)
			return request{method: http.MethodPost, path: "/v1/sessions", body: body}
		}),
		profileRead: send(func(p *shopper) request { return request{method: http.MethodGet, path: "/v1/me", token: token(p)} }),
		saveAddress: send(func(p *shopper) request {
			body := fmt.Appendf(nil, `{"name":"Ada Shopper","line1":"%d Market Street","city":"Leeds","postal_code":"LS1 6DT","country":"GB"}`,
				1+p.random.IntN(99))
			return request{method: http.MethodPut, path: "/v1/me/addresses/" + addresses.ID, token: token(p), body: body}
		}),
	}, nil
}

// adjust adds a piece to the stock of any imported SKU, as staff.
func (g *grown) adjust() Scenario {
	return Scenario{visit: func(p *shopper, ctx context.Context) error {
		_, err := p.client.do(ctx, request{
			method: http.MethodPost, path: "/v1/inventory/" + p.anything().sku + "/adjustments", token: "Bearer " + p.staff.Token,
			body: []byte(`{"delta":1,"reason":"counted again"}`),
		})
		return err
	}}
}
