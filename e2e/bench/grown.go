package bench

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
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

// What shoppers look for in a shop that has grown, besides detail, list and search.
const (
	suggestions  = "suggestions"
	facets       = "facets"
	searchFacets = "search with facets"
	filters      = "filters"
	deepPages    = "deep pages"
)

// browsing is measured in this order.
var browsing = []string{detail, list, search, suggestions, facets, searchFacets, filters, deepPages}

// browse looks at any product, category or pair of words of the editions. It asks the gateway that keeps no copies, because copies would
// hide how many products there are.
func (g *grown) browse(ctx context.Context, editions []growth.Edition) (map[string]Scenario, error) {
	asked := func(path func(p *shopper, e growth.Edition) string) Scenario {
		return asks(func(p *shopper) string { return path(p, editions[p.random.IntN(len(editions))]) })
	}
	inCategory := func(p *shopper, e growth.Edition) string {
		return "category=" + e.Family + category(things[p.random.IntN(len(things))])
	}
	twoWords := func(p *shopper, e growth.Edition) string {
		_, material, thing := words(p.anything().slug)
		return "q=" + material + "+" + e.Family + thing
	}
	deep, err := g.deepCursors(ctx, len(editions)*len(g.products)/2)
	if err != nil {
		return nil, err
	}
	return map[string]Scenario{
		detail: asked(func(p *shopper, e growth.Edition) string { return "/" + e.Slug(p.anything().slug) }),
		list:   asked(func(p *shopper, e growth.Edition) string { return "?limit=20&" + inCategory(p, e) }),
		search: asked(func(p *shopper, e growth.Edition) string { return "?limit=20&" + twoWords(p, e) }),
		suggestions: asked(func(p *shopper, e growth.Edition) string {
			typed := twoWords(p, e)
			return "/suggestions?" + typed[:len(typed)-2]
		}),
		facets:       asked(func(p *shopper, e growth.Edition) string { return "?limit=20&facets=true&" + inCategory(p, e) }),
		searchFacets: asked(func(p *shopper, e growth.Edition) string { return "?limit=20&facets=true&" + twoWords(p, e) }),
		filters: asked(func(p *shopper, e growth.Edition) string {
			color, material, _ := words(p.anything().slug)
			return "?limit=20&in_stock=true&sort=price_asc&max_price=2500&option.Color=" + color + "&option.Material=" + material + "&" + inCategory(p, e)
		}),
		deepPages: asked(func(p *shopper, _ growth.Edition) string { return deep[p.random.IntN(len(deep))] }),
	}, nil
}

// asks gets what is behind /v1/products, from the gateway that keeps no copies.
func asks(path func(p *shopper) string) Scenario {
	return Scenario{visit: func(p *shopper, ctx context.Context) error {
		_, err := p.asking.get(ctx, "/v1/products"+path(p), p.token)
		return err
	}}
}

// deepCursors returns the queries for pages after so many products, in several orders.
func (g *grown) deepCursors(ctx context.Context, after int) (queries []string, err error) {
	const most = 100
	for _, sort := range []string{"newest", "price_asc", "title"} {
		query := "?sort=" + sort
		for cursor, left := "", after; left > 0; left -= most {
			body, err := g.asking.get(ctx, fmt.Sprintf("/v1/products%s&limit=%d%s", query, min(left, most), cursor), "")
			if err != nil {
				return nil, fmt.Errorf("page through %d products by %s: %w", after, sort, err)
			}
			var page struct {
				Next string `json:"next_cursor"`
			}
			if err := json.Unmarshal(body, &page); err != nil {
				return nil, err
			}
			cursor = "&cursor=" + url.QueryEscape(page.Next)
			if left <= most {
				queries = append(queries, query+"&limit=20"+cursor)
			}
		}
	}
	return queries, nil
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
